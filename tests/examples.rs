//! Every example runs.

mod scripts;
mod worker;
