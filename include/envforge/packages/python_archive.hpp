// From an archive of Python to the tar that a layer of an image is made of. The archive is foreign: its bytes are those
// that a site named by their sha256, and still nothing of it may reach a place outside its own folder.
#pragma once

#include <string>

namespace envforge::packages {

struct PythonLayer {
  bool headers = false;  // include/pythonX.Y/Python.h: extensions can be compiled against it
};

/// Writes everything of `archive`, a gzipped tar of a prefix or of one folder that holds a prefix, below `folder`
/// ("opt/python-3.13t") into `layer`: in the order of the paths, root's, with times of 2020-01-01, without __pycache__,
/// whose times would be others then. Same archive, same bytes. `series` ("3.13t") must be what it holds:
/// bin/pythonSERIES, a program, and lib/pythonSERIES/os.py. Throws Error{kPythonArchive} for anything else, for paths
/// and links that leave the prefix, devices, and more than 2 GiB or 100,000 members.
PythonLayer write_python_layer(const std::string& archive, const std::string& series, const std::string& folder,
                               const std::string& layer);

}  // namespace envforge::packages
