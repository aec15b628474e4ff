//! Accept, map, route, gate, deliver: the one place that orders the steps.
