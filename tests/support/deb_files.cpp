#include "support/deb_files.hpp"

#include <envforge/support/text.hpp>

#include "support/archives.hpp"

namespace envforge::testing {

DebFile make_deb(const FakeDeb& deb) {
  std::string control = "Package: " + deb.name + "\nVersion: " + deb.version +
                        "\nArchitecture: amd64\nMaintainer: envforge <none@example.org>\nDescription: a test\n";
  if (!deb.depends.empty()) control += "Depends: " + support::join(deb.depends, ", ") + "\n";
  if (!deb.conflicts.empty()) control += "Conflicts: " + support::join(deb.conflicts, ", ") + "\n";
  if (deb.essential) control += "Essential: yes\nPriority: required\n";
  const std::string data =
      make_tar({{"./", ""}, {"./usr/", ""}, {"./usr/share/", ""}, {"./usr/share/" + deb.name, deb.version}});
  std::string file = deb.name + "_" + deb.version + "_amd64.deb";
  return {file, make_ar({{"debian-binary", "2.0\n"},
                         {"control.tar", make_tar({{"./", ""}, {"./control", control}})},
                         {"data.tar", data}})};
}

}  // namespace envforge::testing
