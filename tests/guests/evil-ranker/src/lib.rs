//! A ranker that breaks each limit: which one, the setting `sin` says. See `../README.md`.
//!
//! Without a sin it is well behaved: first come, first served. So whatever the host does about a
//! sin, it does about that alone.

use std::sync::atomic::{AtomicU32, Ordering};

use hinny_plugin::{
    bindings::ranker::exports::hinny::plugin::ranker::{
        Batch, Context, Descriptor, Explanation, Guest, RankError,
    },
    settings::Setting,
};
use spoiling::Sin;

mod describing;
mod explaining;
mod ranking;

/// Every sin, by the function in which it is committed.
pub const SINS: [(&str, &[&str]); 4] = [
    ("configure", &["spin-in-configure", "trap-in-configure", "huge-refusal-in-configure"]),
    ("describe", &describing::SINS),
    ("rank", &ranking::SINS),
    ("explain", &explaining::SINS),
];

static CALLS: AtomicU32 = AtomicU32::new(0);

/// The ranker.
pub struct Evil;

impl Guest for Evil {
    fn configure(settings: Vec<Setting>) -> Result<(), String> {
        Sin::from_settings(&settings.into(), &SINS)?.configure()
    }

    fn describe() -> Descriptor {
        describing::describe(Sin::current())
    }

    fn rank(context: Context, batch: Batch) -> Result<Vec<i64>, RankError> {
        let call = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        ranking::rank(Sin::current(), call, context.now, &batch)
    }

    fn explain(_context: Context, batch: Batch) -> Result<Vec<Explanation>, RankError> {
        explaining::explain(Sin::current(), &batch)
    }
}

#[cfg(target_arch = "wasm32")]
hinny_plugin::bindings::ranker::export!(Evil with_types_in hinny_plugin::bindings::ranker);

#[cfg(test)]
mod tests {
    use hinny_plugin::settings::Settings;

    use super::*;

    fn settings(sin: &str) -> Settings {
        Settings::from_pairs([("sin", sin.into())])
    }

    #[test]
    fn every_sin_is_told_of_in_the_readme() {
        let readme = include_str!("../../README.md");
        for (_, names) in SINS {
            for name in names {
                assert!(readme.contains(&format!("`{name}`")), "README.md lacks `{name}`");
                assert!(Sin::from_settings(&settings(name), &SINS).is_ok());
            }
        }
    }

    #[test]
    fn without_a_sin_it_is_first_come_first_served() {
        let none = Sin { name: "none".to_owned(), n: 1 };
        let batch = ranking::batch_of(&[9_000, 1_000], &[]);
        assert_eq!(ranking::rank(&none, 1, 0, &batch).unwrap(), [9, 1]);
        let explained = explaining::explain(&none, &batch).unwrap();
        assert_eq!(explained.iter().map(|it| it.priority).collect::<Vec<_>>(), [9, 1]);
    }

    #[test]
    fn a_wrong_number_of_priorities_is_what_it_says() {
        let sin = |name: &str, n| Sin { name: name.to_owned(), n };
        let batch = ranking::batch_of(&[9_000, 1_000], &[]);
        let count = |sin: Sin| ranking::rank(&sin, 1, 0, &batch).unwrap().len();
        assert_eq!(count(sin("too-few", 1)), 1);
        assert_eq!(count(sin("too-many", 3)), 5);
        let beyond = ranking::rank(&sin("too-high", 1), 1, 0, &batch).unwrap();
        assert_eq!(beyond, [9, 1 << 53]);
    }
}
