// Why no version set satisfies a recipe, and what would. Values; explain.hpp makes text of them.
#pragma once

#include <string>
#include <vector>

#include <envforge/resolve/solution.hpp>
#include <envforge/support/error.hpp>

namespace envforge::resolve {

/// One member of the smallest set of constraints that cannot hold together: without it the others can.
struct ConflictItem {
  std::vector<std::string> wishes;    // "torch 2.6"; two where two wishes meet: a GPU and a platform
  std::vector<support::Where> where;  // their places in the recipe
  std::string fact;                   // what stands against it
  std::string source;                 // the data row; "" if the recipe alone is enough
  bool unknown = false;               // the fact is that the data does not know: never a no
};

/// One line of the recipe to change.
struct Change {
  std::string key;   // torch.cuda
  std::string from;  // 12.1
  std::string to;    // 12.4; "" = leave it out
  support::Where where;
};

/// A changed recipe that was solved.
struct Remedy {
  std::vector<Change> changes;
  Solution solution;
  int cost = 0;  // how much the user gives up; the least comes first, those that are not known to run last
};

/// One image of the smallest set of images that serves all pools.
struct SplitImage {
  std::vector<std::string> pools;
  Solution solution;
};

struct Conflict {
  std::vector<ConflictItem> items;
  std::vector<std::string> hints;
  std::vector<Remedy> remedies;   // empty: no change of one or two wishes helps
  std::vector<SplitImage> split;  // empty: one image per pool would not help either
  std::string data_as_of;
};

}  // namespace envforge::resolve
