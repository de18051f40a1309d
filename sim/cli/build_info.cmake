# Writes build_info.cpp: the version, and a digest over names and contents of the policy sources.
# Called with -DOUTPUT, -DROOT, -DVERSION, -DFILES (a list).
list(SORT FILES)
set(all "")
foreach(file IN LISTS FILES)
  file(RELATIVE_PATH name ${ROOT} ${file})
  file(SHA256 ${file} digest)
  string(APPEND all "${name} ${digest}\n")
endforeach()
string(SHA256 digest "${all}")
string(SUBSTRING ${digest} 0 16 digest)
file(WRITE ${OUTPUT} "#include \"sim/cli/build_info.hpp\"\n
namespace fleetcache::cli {\n
const char* version() { return \"${VERSION}\"; }
const char* policy_digest() { return \"${digest}\"; }\n
}  // namespace fleetcache::cli\n")
