//! The SQL of filters.
