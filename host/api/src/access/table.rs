//! The table of routes and roles.
//!
//! It is also where the gate looks up which methods a path has, so a route that is missing here
//! answers nobody. A test holds it against the routes.

use std::fmt;

use super::Role::{self, Operator, Producer, Publisher, Worker};

/// To whom a route is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// No token is asked for.
    Everyone,
    /// Whoever has a token.
    AnyToken,
    /// Tokens of these roles.
    Roles(&'static [Role]),
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// HTTP method.
    pub(crate) method: &'static str,
    /// Path, with its parameters as names in braces.
    pub(crate) path: &'static str,
    /// To whom it is open.
    pub(crate) allowed: Allowed,
}

const WORK: Allowed = Allowed::Roles(&[Worker, Operator]);
const PUSH: Allowed = Allowed::Roles(&[Worker, Producer, Operator]);
const FEED: Allowed = Allowed::Roles(&[Producer, Operator]);
const READ: Allowed = Allowed::Roles(&[Producer, Operator]);
const READ_ONE: Allowed = Allowed::Roles(&[Worker, Producer, Operator]);
const OPERATE: Allowed = Allowed::Roles(&[Operator]);
const READ_PLUGINS: Allowed = Allowed::Roles(&[Operator, Publisher]);
const PUBLISH: Allowed = Allowed::Roles(&[Publisher]);

/// Every route, in the order of the page of routes.
pub(crate) static RULES: &[Rule] = &[
    rule("GET", "/", Allowed::AnyToken),
    rule("GET", "/health", Allowed::Everyone),
    rule("GET", "/health/live", Allowed::Everyone),
    rule("GET", "/health/ready", Allowed::Everyone),
    rule("GET", "/metrics", Allowed::AnyToken),
    rule("GET", "/openapi.json", Allowed::AnyToken),
    rule("GET", "/docs", Allowed::AnyToken),
    rule("GET", "/docs/", Allowed::AnyToken),
    rule("GET", "/docs/{*rest}", Allowed::AnyToken),
    rule("GET", "/schedulers", Allowed::AnyToken),
    rule("GET", "/schedulers/{scheduler_id}", Allowed::AnyToken),
    rule("POST", "/schedulers/{scheduler_id}/push", PUSH),
    rule("POST", "/schedulers/{scheduler_id}/push/batch", FEED),
    rule("POST", "/schedulers/{scheduler_id}/pop", WORK),
    rule("GET", "/schedulers/{scheduler_id}/queue", READ),
    rule("POST", "/schedulers/{scheduler_id}/cancel", OPERATE),
    rule("GET", "/queues", READ_ONE),
    rule("GET", "/queues/{queue_id}", READ_ONE),
    rule("POST", "/queues/{queue_id}/pop", WORK),
    rule("GET", "/queues/{queue_id}/pop", WORK),
    rule("POST", "/queues/{queue_id}/push", PUSH),
    rule("GET", "/tasks", READ),
    rule("POST", "/tasks", READ),
    rule("GET", "/tasks/stats", READ),
    rule("GET", "/tasks/{task_id}", READ_ONE),
    rule("PATCH", "/tasks/{task_id}", WORK),
    rule("POST", "/tasks/{task_id}/heartbeat", WORK),
    rule("GET", "/tasks/{task_id}/events", READ),
    rule("GET", "/tasks/{task_id}/explain", READ),
    rule("GET", "/schedules", READ),
    rule("POST", "/schedules", OPERATE),
    rule("POST", "/schedules/search", READ),
    rule("GET", "/schedules/{schedule_id}", READ),
    rule("PATCH", "/schedules/{schedule_id}", OPERATE),
    rule("DELETE", "/schedules/{schedule_id}", OPERATE),
    rule("POST", "/events/{source}", FEED),
    rule("POST", "/events/{source}/batch", FEED),
    rule("POST", "/schedulers/{scheduler_id}/dry-run", READ),
    rule("GET", "/quarantine", READ),
    rule("GET", "/quarantine/{scheduler_id}/{event_id}", READ),
    rule("DELETE", "/quarantine/{scheduler_id}/{event_id}", OPERATE),
    rule("POST", "/quarantine/{scheduler_id}/{event_id}/replay", OPERATE),
    rule("GET", "/plugins", READ_PLUGINS),
    rule("POST", "/plugins", PUBLISH),
    rule("POST", "/plugins/check", READ_PLUGINS),
    rule("POST", "/plugins/preview", READ_PLUGINS),
    rule("GET", "/plugins/decisions", READ_PLUGINS),
    rule("POST", "/plugins/replay", READ_PLUGINS),
    rule("GET", "/plugins/refusals", READ_PLUGINS),
    rule("GET", "/plugins/{digest}", READ_PLUGINS),
    rule("PUT", "/plugins/{digest}/signatures", PUBLISH),
    rule("GET", "/slots", READ_PLUGINS),
    rule("GET", "/slots/{scheduler_id}/{world}", READ_PLUGINS),
    rule("GET", "/slots/{scheduler_id}/{world}/activations", READ_PLUGINS),
    rule("GET", "/slots/{scheduler_id}/{world}/lines", READ_PLUGINS),
    rule("POST", "/slots/{scheduler_id}/{world}/activate", PUBLISH),
    rule("POST", "/slots/{scheduler_id}/{world}/rollback", READ_PLUGINS),
];

const fn rule(method: &'static str, path: &'static str, allowed: Allowed) -> Rule {
    Rule { method, path, allowed }
}

impl Allowed {
    /// Whether a token with a role may call it.
    pub(crate) fn includes(self, role: Role) -> bool {
        match self {
            Self::Everyone | Self::AnyToken => true,
            Self::Roles(roles) => roles.contains(&role),
        }
    }
}

/// The roles that are needed, as a list for people.
impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles = match self {
            Self::Everyone => return f.write_str("no token"),
            Self::AnyToken => return f.write_str("any token"),
            Self::Roles(roles) => *roles,
        };
        roles.iter().enumerate().try_for_each(|(at, role)| {
            f.write_str(if at == 0 { "" } else { " or " })?;
            f.write_str(role.as_str())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Those that are not in the API description: the description itself, and its pages.
    const UNDESCRIBED: [&str; 4] = ["/openapi.json", "/docs", "/docs/", "/docs/{*rest}"];

    #[test]
    fn every_route_is_in_the_table_once_and_nothing_else_is() {
        let mut described = BTreeSet::new();
        let document = serde_json::to_value(crate::openapi()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in ["get", "post", "patch", "delete", "put"] {
                if item.get(method).is_some() {
                    described.insert((method.to_uppercase(), path.clone()));
                }
            }
        }
        let rules: Vec<_> = RULES
            .iter()
            .filter(|rule| !UNDESCRIBED.contains(&rule.path))
            .map(|rule| (rule.method.to_owned(), rule.path.to_owned()))
            .collect();
        assert_eq!(rules.len(), described.len());
        assert_eq!(rules.into_iter().collect::<BTreeSet<_>>(), described);
    }

    #[test]
    fn a_workers_token_opens_no_plugin_route() {
        for rule in RULES
            .iter()
            .filter(|rule| rule.path.starts_with("/plugins") || rule.path.starts_with("/slots"))
        {
            assert!(!rule.allowed.includes(Worker), "{} {}", rule.method, rule.path);
            assert!(!rule.allowed.includes(Producer), "{} {}", rule.method, rule.path);
        }
    }

    #[test]
    fn only_publishers_bring_plugins_in() {
        for path in ["/plugins", "/slots/{scheduler_id}/{world}/activate"] {
            let rule =
                RULES.iter().find(|rule| (rule.method, rule.path) == ("POST", path)).unwrap();
            assert_eq!(rule.allowed, PUBLISH);
        }
    }

    #[test]
    fn an_operator_may_all_else() {
        for rule in RULES.iter().filter(|rule| rule.allowed != PUBLISH) {
            assert!(rule.allowed.includes(Operator), "{} {}", rule.method, rule.path);
        }
    }
}
