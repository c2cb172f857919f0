#include "ort/library_file.h"

#include <elf.h>

#include <cstring>
#include <fstream>

namespace clipa {
namespace ort {

namespace {

// Reads `count` objects at an offset; empty when the file ends before.
template <class T>
std::vector<T> read(std::ifstream& file, uint64_t offset, uint64_t count) {
  constexpr uint64_t kMost = 1 << 24;  // bytes: a library's lists are small
  if (count > kMost / sizeof(T)) return {};
  std::vector<T> objects(count);
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(objects.data()),
            static_cast<std::streamsize>(count * sizeof(T)));
  if (!file) objects.clear();
  file.clear();
  return objects;
}

}  // namespace

LibraryFile read_library_file(const std::string& path) {
  LibraryFile out;
  std::ifstream file(path, std::ios::binary);
  file.seekg(0, std::ios::end);
  const std::streamoff end = file.tellg();
  if (end < 0) return out;
  const uint64_t size = static_cast<uint64_t>(end);
  const std::vector<Elf64_Ehdr> header = read<Elf64_Ehdr>(file, 0, 1);
  if (header.empty() || std::memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0 ||
      header[0].e_ident[EI_CLASS] != ELFCLASS64 || header[0].e_type != ET_DYN ||
      header[0].e_phentsize != sizeof(Elf64_Phdr)) {
    return out;
  }
  const std::vector<Elf64_Phdr> parts =
      read<Elf64_Phdr>(file, header[0].e_phoff, header[0].e_phnum);
  const auto inside = [&](uint64_t offset, uint64_t bytes) {
    return offset <= size && bytes <= size - offset;
  };
  out.whole = !parts.empty() &&
              inside(header[0].e_shoff, uint64_t{header[0].e_shnum} * header[0].e_shentsize);
  for (const Elf64_Phdr& part : parts) {
    if (part.p_type == PT_LOAD && !inside(part.p_offset, part.p_filesz)) out.whole = false;
  }
  // Where an address of the running library stands in the file.
  const auto place = [&](uint64_t address) -> uint64_t {
    for (const Elf64_Phdr& part : parts) {
      if (part.p_type == PT_LOAD && address >= part.p_vaddr &&
          address - part.p_vaddr < part.p_filesz) {
        return part.p_offset + (address - part.p_vaddr);
      }
    }
    return 0;
  };
  std::vector<uint64_t> names;
  uint64_t text_at = 0, text_bytes = 0;
  for (const Elf64_Phdr& part : parts) {
    if (part.p_type != PT_DYNAMIC) continue;
    for (const Elf64_Dyn& entry :
         read<Elf64_Dyn>(file, part.p_offset, part.p_filesz / sizeof(Elf64_Dyn))) {
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_NEEDED) names.push_back(entry.d_un.d_val);
      if (entry.d_tag == DT_STRTAB) text_at = place(entry.d_un.d_ptr);
      if (entry.d_tag == DT_STRSZ) text_bytes = entry.d_un.d_val;
    }
  }
  std::vector<char> text = read<char>(file, text_at, text_bytes);
  text.push_back('\0');
  for (const uint64_t name : names) {
    if (name < text.size()) out.needed.emplace_back(text.data() + name);
  }
  return out;
}

}  // namespace ort
}  // namespace clipa
