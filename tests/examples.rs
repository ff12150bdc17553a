//! Every example runs.

mod worker;
