#include "sim/cli/verb.hpp"

int main(int argc, char** argv) { return fleetcache::cli::command_line(argc, argv); }
