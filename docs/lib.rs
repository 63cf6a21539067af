//! The book in `src/`, as far as the compiler reads it.
