//! Storage of hinny: the traits of core over sqlx.
