//! From sources in any language to a plugin of hinny: `hinny plugin new`, `hinny plugin build` and
//! `cargo xtask plugins` stand on it.

pub mod rust;
pub mod sh;

mod assemblyscript;
mod build;
mod c;
mod contract;
mod go;
mod javascript;
mod name;
mod new;
mod python;
mod sdk;
mod source;
mod tool;

pub use build::{Built, build, fingerprint};
pub use go::command as go;
pub use name::PluginName;
pub use new::New;
pub use source::{Kind, Language, Source};
pub use tool::with_node;
