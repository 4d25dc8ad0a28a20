counters = {"stats": {}}
