// How each word of a document must be written, so that no value can become a Dockerfile instruction, a shell word or a
// docker argument. Used by the YAML readers and by the lock reader, which say where the word stands. Every function
// returns why the value is refused, or nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <envforge/support/error_code.hpp>

namespace envforge::documents {

struct Refusal {
  support::ErrorCode code;
  std::string message;  // "image 'A:b': expected ..."
  std::string hint;     // "" takes the code's own
};
using Checked = std::optional<Refusal>;

// Names. (grammar_names.cpp)
Checked check_image_name(std::string_view name);       // repository without tag: team/pytorch-cuda
Checked check_image_reference(std::string_view name);  // with optional tag and digest
Checked check_tag(std::string_view tag);               // OCI tag, not latest
Checked check_base(std::string_view base);             // debian:12
Checked check_python(std::string_view python);         // 3.11, 3.14t or auto
Checked check_python_series(std::string_view python);   // 3.11 or 3.14t
Checked check_python_release(std::string_view python);  // 3.11.9 or 3.14.2t
Checked check_glibc(std::string_view version);          // 2.17
Checked check_cuda(std::string_view cuda);             // auto, cu126 or 12.6
Checked check_gpu(std::string_view gpu);
Checked check_driver(std::string_view driver);
Checked check_pool_name(std::string_view name);
Checked check_apt(std::string_view package);  // name or name=version
Checked check_deb_name(std::string_view name);
Checked check_deb_version(std::string_view version);
Checked check_user_name(std::string_view name);
Checked check_uid(std::int64_t uid);
Checked check_check_id(std::string_view id);         // cublas or cublas.gemm-exact
Checked check_exclude_newer(std::string_view date);  // 2026-11-01 or 2026-11-01T00:00:00Z
Checked check_sha256(std::string_view digest, bool prefixed);
Checked check_wheel_filename(std::string_view name);
Checked check_python_name(std::string_view name);

// Python requirements. (grammar_requirement.cpp)
/// NAME[EXTRA] VERSIONS; MARKER, or NAME @ https://HOST/FILE.whl#sha256=DIGEST; MARKER, or a commit as check_git_source
/// takes it. No wheel of torch, torchvision or torchaudio by its address.
Checked check_requirement(std::string_view requirement);
/// Whether it is such a wheel for systems that no image has, by its marker: the line never counts.
bool is_torch_of_other_systems(std::string_view requirement);
/// The same without torch's own family, which stands under `torch`.
Checked check_pip_entry(std::string_view requirement);

// Packages that are built from their source. (source_package.cpp)
Checked check_build_source(std::string_view source);  // NAME==VERSION, NAME @ ./PATH, or a commit
/// NAME @ git+https://HOST/PATH@COMMIT#subdirectory=PATH; `source` holds "git+" or another system's sign.
Checked check_git_source(std::string_view source);
/// A requirement that an index answers: no address.
Checked check_build_need(std::string_view requirement);

// Paths, ports, addresses, variables, sizes. (grammar_places.cpp)
Checked check_relative_path(std::string_view path, std::string_view word);
Checked check_image_path(std::string_view path, std::string_view word);  // absolute, and no folder of the distribution
Checked check_host_path(std::string_view path, std::string_view word);   // absolute, any visible characters but , and "
Checked check_port(std::int64_t port);
Checked check_port_mapping(std::string_view mapping);  // [ADDRESS:]HOST:CONTAINER
Checked check_volume(std::string_view volume);         // HOST:CONTAINER[:ro]
Checked check_variable_name(std::string_view name);
Checked check_build_variable_name(std::string_view name);  // of the build of one package
Checked check_variable_value(std::string_view value);
Checked check_argument(std::string_view argument, bool first);   // of command
Checked check_url(std::string_view url, std::string_view word);  // https, or http to loopback; no credentials
Checked check_mirror_url(std::string_view url,
                         std::string_view word);  // http as well: what it serves is signed or hashed
Checked check_index_url(std::string_view url, std::string_view word);  // as check_url, credentials allowed
Checked check_proxy_url(std::string_view url);                         // http or https, credentials allowed
Checked check_no_proxy(std::string_view list);
Checked check_program(std::string_view program);      // a name, or an absolute path
Checked check_docker_host(std::string_view address);  // unix://, tcp:// or ssh://
/// The URL with "***" for its credentials.
std::string masked(std::string_view url);
/// "16g", "64GiB", "6.5GB" in bytes; `out` is set when nothing is refused.
Checked parse_size(std::string_view text, std::uint64_t& out);

}  // namespace envforge::documents
