//! The generated bindings, one module per world: the wire itself.
//!
//! Plugins use the traits of [`crate::ranker`] and [`crate::scheduler`]. What is here is for those
//! who want to answer exactly what they choose, such as hinny's own hostile test guests.

/// World `ranker-plugin`.
#[expect(missing_docs, reason = "the functions that the generator adds have no text")]
#[expect(clippy::pedantic, reason = "generated")]
pub mod ranker {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "hinny:plugin/ranker-plugin@0.1.1",
        pub_export_macro: true,
        additional_derives: [PartialEq],
    });
}

/// World `scheduler-plugin`.
#[expect(missing_docs, reason = "the functions that the generator adds have no text")]
#[expect(clippy::pedantic, reason = "generated")]
pub mod scheduler {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "hinny:plugin/scheduler-plugin@0.1.1",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "hinny:plugin/types@0.1.1": crate::bindings::ranker::hinny::plugin::types,
        },
    });
}
