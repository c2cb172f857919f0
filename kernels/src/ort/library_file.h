// What a shared library's file says of itself, without loading it.
#pragma once

#include <string>
#include <vector>

namespace clipa {
namespace ort {

struct LibraryFile {
  // A 64-bit ELF file with all the bytes that its header speaks of; the loader would end the
  // process over one that is cut.
  bool whole = false;
  std::vector<std::string> needed;  // what it asks the loader for
};

LibraryFile read_library_file(const std::string& path);

}  // namespace ort
}  // namespace clipa
