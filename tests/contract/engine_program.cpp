// The one program inside the images of the engine contract, linked statically: FROM scratch is all it needs.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  const std::string value = argc > 2 ? argv[2] : "";
  if (word == "exit") return std::atoi(value.c_str());
  if (word == "echo") {
    std::cout << value << std::endl;
  } else if (word == "err") {
    std::cerr << value << std::endl;
  } else if (word == "count") {  // lines, then failure
    for (int i = 1; i <= std::atoi(value.c_str()); ++i) std::cout << "line " << i << std::endl;
    return 7;
  } else if (word == "cat") {
    std::cout << std::string(std::istreambuf_iterator<char>(std::cin), {}) << std::flush;
  } else if (word == "read") {
    std::ifstream file(value);
    if (!file) return 9;
    std::cout << std::string(std::istreambuf_iterator<char>(file), {}) << std::flush;
  } else if (word == "write") {
    std::ofstream file(value);
    file << "written";
    file.close();
    return file ? 0 : 8;
  } else if (word == "env") {
    const char* text = std::getenv(value.c_str());
    std::cout << (text == nullptr ? "(unset)" : text) << std::endl;
  } else if (word == "sleep") {
    std::cout << "sleeping" << std::endl;
    ::sleep(static_cast<unsigned>(std::atoi(value.c_str())));
  } else if (word == "eat") {  // memory, until it is killed for it
    // The engine listens for the kernel's word only after the start; who eats at once is killed before.
    std::this_thread::sleep_for(std::chrono::seconds(1));
    std::vector<std::string> eaten;
    for (;;) eaten.emplace_back(1U << 20, 'x');
  } else {
    std::cerr << "unknown word '" << word << "'" << std::endl;
    return 2;
  }
  return 0;
}
