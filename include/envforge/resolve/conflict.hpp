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
  std::string
      key;  // torch.cuda; "target": a whole pool, with its GPUs and its driver; "packages": an entry of any list
  std::string from;  // 12.1; of "target" the name of the pool
  std::string to;    // 12.4; of a driver a version that the data names, or R580: one of that branch; "" = leave it out
  support::Where where;
};

/// A changed recipe that was solved.
struct Remedy {
  std::vector<Change> changes;
  Solution solution;
  int cost = 0;  // how much the user gives up; the least comes first, those that are not known to run last
};

/// One image of the smallest set of images that serves all pools that any image can serve.
struct SplitImage {
  std::vector<std::string> pools;
  std::vector<std::string> platforms;  // those of the recipe on which its pools can be; empty: all
  Solution solution;
};

/// A pool that no image serves, with what stands against it alone.
struct UnservedPool {
  std::string pool;
  std::vector<ConflictItem> items;
};

struct Conflict {
  std::vector<ConflictItem> items;
  std::vector<std::string> hints;
  std::vector<Remedy> remedies;        // empty: no change of one or two wishes helps
  std::vector<SplitImage> split;       // empty: one image per pool would not help either
  std::vector<UnservedPool> unserved;  // by any image of the split
  std::string data_as_of;
};

/// Whether any of them is not known: together they are then never a no.
bool any_unknown(const std::vector<ConflictItem>& items);

}  // namespace envforge::resolve
