// One requirement or one conda package, carried over. Private to the import.
#pragma once

#include <string>

#include <envforge/documents/import_environment.hpp>

namespace envforge::documents {

/// Notes of what a recipe has nothing of, and of what became something else. Credentials of addresses are masked.
void drop(Imported& out, const std::string& what, const support::Where& where, std::string why);
void remark(Imported& out, const std::string& what, const support::Where& where, std::string why);

/// A line that says a CUDA, `became` what it is told to have become. Of two that differ the surer one counts, the first
/// of equals, and the note of the other says so.
void import_cuda(const std::string& cuda, CudaSource::Kind kind, const std::string& what, const support::Where& where,
                 std::string became, Imported& out);
/// Where packages come from, "-i https://...": the CUDA variant if it is PyTorch's own address, else a note.
void import_index(const std::string& what, const support::Where& where, Imported& out);
/// A requirement of pip, without comment. What a recipe cannot hold becomes a note.
void import_requirement(const std::string& requirement, const support::Where& where, Imported& out);
/// A line of a requirements file, not empty: a requirement, or an option such as -r or --index-url.
void import_line(const std::string& line, const support::Where& where, Imported& out);
/// "pytorch::pytorch=2.1.0=py3.10_cuda11.8_cudnn8.7.0_0"
void import_conda_package(const std::string& spec, const support::Where& where, Imported& out);

}  // namespace envforge::documents
