// What every ContainerEngine must do with containers and volumes; see engine_contract.hpp.
#pragma once

#include "contract/engine_contract.hpp"

namespace envforge::contract {

TEST_P(EngineContract, RunsAContainerAndTellsItsExitCodeAndStreams) {
  const std::string image = base();
  auto outcome = engine().run(container(image, {"exit", "3"}), {});
  EXPECT_EQ(outcome.engine_error, "");
  EXPECT_EQ(outcome.outcome.kind, Outcome::Kind::kExited);
  EXPECT_EQ(outcome.outcome.exit_code, 3);
  EXPECT_FALSE(outcome.out_of_memory);

  std::vector<std::string> lines;
  const auto keep = [&](process::Stream stream, std::string_view line) {
    lines.push_back((stream == process::Stream::kOut ? "o:" : "e:") + std::string(line));
  };
  outcome = engine().run(container(image, {"echo", "a b"}), keep);
  EXPECT_TRUE(outcome.outcome.ok());
  EXPECT_EQ(outcome.outcome.out, "a b\n");
  outcome = engine().run(container(image, {"err", "oh"}), keep);
  EXPECT_EQ(outcome.outcome.err, "oh\n");
  EXPECT_THAT(lines, ElementsAre("o:a b", "e:oh"));
}

TEST_P(EngineContract, GivesAContainerItsInputEnvironmentAndEntrypoint) {
  const std::string image = base();
  auto wanted = container(image, {"cat"});
  wanted.standard_input = std::string(200000, 'x') + "\nend";
  EXPECT_EQ(engine().run(wanted, {}).outcome.out, wanted.standard_input);

  wanted = container(image, {"COLOUR"});
  wanted.environment = {{"COLOUR", "green and blue"}};
  wanted.entrypoint = {"/bin/program", "env"};
  EXPECT_EQ(engine().run(wanted, {}).outcome.out, "green and blue\n");
}

TEST_P(EngineContract, EndsAContainerAtItsDeadlineAndRemovesIt) {
  auto wanted = container(base(), {"sleep", "60"});
  wanted.deadline = milliseconds(1500);
  const auto outcome = engine().run(wanted, {});
  EXPECT_EQ(outcome.outcome.kind, Outcome::Kind::kDeadline);
  EXPECT_THAT(setup_->owned(), IsEmpty());
}

TEST_P(EngineContract, TellsAContainerThatNeverRanFromOneThatFailed) {
  const std::string image = base();
  auto wanted = container(image, {});
  wanted.entrypoint = {"/no/such/program"};
  auto outcome = engine().run(wanted, {});
  EXPECT_EQ(outcome.outcome.kind, Outcome::Kind::kNotStarted);
  EXPECT_THAT(outcome.engine_error, HasSubstr("/no/such/program"));

  outcome = engine().run(container("envforge-contract/absent:none", {"exit", "0"}), {});
  EXPECT_EQ(outcome.outcome.kind, Outcome::Kind::kNotStarted);
  EXPECT_THAT(outcome.engine_error, HasSubstr("envforge-contract/absent:none"));

  wanted = container(image, {"exit", "0"});
  wanted.extra_args = {"--device", "/dev/no-such-device"};
  outcome = engine().run(wanted, {});
  EXPECT_EQ(outcome.outcome.kind, Outcome::Kind::kNotStarted);
  EXPECT_THAT(outcome.engine_error, HasSubstr("/dev/no-such-device"));
  EXPECT_THAT(setup_->owned(), IsEmpty());
}

TEST_P(EngineContract, FillsAVolumeThatAnyUserCanReadAndNobodyWrites) {
  const std::string image = base();
  const support::TempDir files;
  support::write_file_atomically(files.path() / "sub" / "text", "in the volume", 0600);
  const std::string volume = engine().create_volume({{"purpose", "a test"}});
  engine().fill_volume(volume, image, files.path());

  auto wanted = container(image, {"read", "/data/sub/text"});
  wanted.mounts = {{volume, "/data", true}};
  wanted.extra_args = {"--user", "54321:54321"};
  EXPECT_EQ(engine().run(wanted, {}).outcome.out, "in the volume");
  wanted.command = {"write", "/data/new"};
  wanted.extra_args.clear();
  EXPECT_EQ(engine().run(wanted, {}).outcome.exit_code, 8);
  EXPECT_THAT(setup_->owned(), ElementsAre(volume));
  engine().remove_volume(volume);
  EXPECT_THAT(setup_->owned(), IsEmpty());
}

TEST_P(EngineContract, CopiesAFileOutOfAnImageThatNeverRan) {
  const std::string image = base();
  const support::TempDir out;
  EXPECT_TRUE(engine().copy_from_image(image, "/bin/program", out.path() / "program"));
  EXPECT_EQ(support::sha256_file_hex(out.path() / "program"), support::sha256_file_hex(ENVFORGE_ENGINE_PROGRAM));
  EXPECT_FALSE(engine().copy_from_image(image, "/bin/absent", out.path() / "absent"));
  EXPECT_THAT(setup_->owned(), IsEmpty());
}

TEST_P(EngineContract, RemovesWhatAKilledOwnerLeftAndNothingElse) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    const std::string label = engine::this_process_as_owner();
    if (::write(ends[1], label.data(), label.size()) < 0) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  std::string label(256, '\0');
  const ssize_t got = ::read(ends[0], label.data(), label.size());
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_GT(got, 0);
  label.resize(static_cast<std::size_t>(got));

  const std::string image = base();
  const auto orphans = setup_->leave_behind(label, image);
  const auto foreign = setup_->leave_behind("another-host.1/1/1", image);
  const std::string lent = engine::borrowed_name(label, "aa"),
                    others = engine::borrowed_name("another-host.1/1/1", "bb");
  for (const std::string& each : {lent, others}) {
    built_.push_back(each);
    ASSERT_TRUE(engine().tag(image, each));
  }
  EXPECT_THAT(engine().remove_leftovers(), Not(Contains(AnyOf(HasSubstr(orphans[0]), HasSubstr(lent)))))
      << "its owner still runs";
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  const auto removed = engine().remove_leftovers();
  EXPECT_THAT(removed, IsSupersetOf({"container " + orphans[0], "volume " + orphans[1], "name " + lent}));
  EXPECT_FALSE(engine().inspect_image(lent)) << "the name is gone";
  EXPECT_TRUE(engine().inspect_image(image)) << "and the image is not";
  EXPECT_TRUE(engine().inspect_image(others)) << "another host's stays";
  EXPECT_THAT(setup_->owned(), IsSupersetOf(foreign));
  EXPECT_THAT(setup_->owned(), Not(Contains(orphans[0])));
  EXPECT_THAT(setup_->owned(), Not(Contains(orphans[1])));
}

}  // namespace envforge::contract
