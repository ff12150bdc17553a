//! A ranker that wants what the host does not have: `evil:net/sockets`. See `../README.md`.

// The world of the ranker has these names already; here they are generated once more, beside an
// import that no host offers.
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the canonical ABI speaks in pointers")]
mod component {
    use exports::hinny::plugin::ranker::{
        Batch, Context, Descriptor, Explanation, Guest, RankError, Refresh,
    };
    use hinny::plugin::types::Setting;

    wit_bindgen::generate!({
        inline: "
            package evil:net@0.1.0;

            interface sockets {
                connect: func(host: string, port: u16) -> u32;
            }

            world wrong-world {
                import sockets;
                export hinny:plugin/ranker@0.1.1;
            }
        ",
        path: "../../../wit",
        world: "evil:net/wrong-world",
        generate_all,
    });

    struct WrongWorld;

    impl Guest for WrongWorld {
        fn configure(_settings: Vec<Setting>) -> Result<(), String> {
            Ok(())
        }

        fn describe() -> Descriptor {
            Descriptor {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                inputs: Vec::new(),
                refresh: Refresh::Never,
            }
        }

        fn rank(_context: Context, batch: Batch) -> Result<Vec<i64>, RankError> {
            let answer = evil::net::sockets::connect("priorities.example.com", 443);
            Ok(vec![i64::from(answer); batch.len as usize])
        }

        fn explain(_context: Context, _batch: Batch) -> Result<Vec<Explanation>, RankError> {
            Ok(Vec::new())
        }
    }

    export!(WrongWorld);
}
