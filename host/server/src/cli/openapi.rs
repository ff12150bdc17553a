//! `hinny openapi`: the description of the REST API.

use clap::Args;

use super::output;

/// Print the description of the REST API, as `OpenAPI` in JSON.
#[derive(Debug, Args)]
pub(crate) struct Openapi {}

impl Openapi {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(crate) fn run(self) -> anyhow::Result<()> {
        Ok(output::print(&(hinny_api::openapi().to_pretty_json()? + "\n"))?)
    }
}
