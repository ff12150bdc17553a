//! OpenKAT's services as native tests of the plugins see them.

pub use self::{
    documents::{boefje, schedule, task},
    services::Services,
};

mod documents;
mod services;
