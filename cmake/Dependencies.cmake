# Everything comes from the distribution; docs/architecture.md gives each one's reason and its one place in the code.
find_package(nlohmann_json 3.10 REQUIRED)   # support, documents, protocol
find_package(yaml-cpp REQUIRED)             # documents: the YAML readers
find_package(CLI11 REQUIRED)                # cli
find_package(spdlog REQUIRED)               # cli: logging
find_package(Threads REQUIRED)              # process
