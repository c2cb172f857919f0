// Which libraries a shared library asks the loader for, without loading it.
#pragma once

#include <string>
#include <vector>

namespace clipa {
namespace ort {

// Empty when the file is missing or is no 64-bit ELF file of this machine's byte order.
std::vector<std::string> needed_libraries(const std::string& path);

}  // namespace ort
}  // namespace clipa
