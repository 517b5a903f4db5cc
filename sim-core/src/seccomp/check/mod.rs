//! Calls of which not all is known, held against a policy: which are refused, by what, and what would permit them.
