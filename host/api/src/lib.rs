//! The REST API of hinny.
