// torch's own library as a loader sees it: what it needs, and the RPATH by which it finds that. It does nothing.
extern "C" int envforge_stub_of_torch() {
  return 0;
}
