//! The two worlds of `wit/`, as Rust types and typed calls.
//!
//! Parameters borrow: what crosses the boundary is copied once, into the guest's memory.

pub(crate) mod ranker {
    //! `ranker-plugin`: synchronous, nothing imported.
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "ranker-plugin",
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

pub(crate) mod scheduler {
    //! `scheduler-plugin`: asynchronous; `tasks` and `state` wait for the database.
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "scheduler-plugin",
        imports: { default: async },
        exports: { default: async },
        ownership: Borrowing { duplicate_if_necessary: true },
        with: { "hinny:plugin/types": super::ranker::hinny::plugin::types },
    });
}
