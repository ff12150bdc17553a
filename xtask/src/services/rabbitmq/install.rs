//! The programs of RabbitMQ.

use std::path::{Path, PathBuf};

use crate::services::debian;

/// The programs of RabbitMQ, without the wrappers that become another user.
pub(super) struct Programs {
    pub(super) server: PathBuf,
    pub(super) ctl: PathBuf,
}

/// Folders that have them: of packages, then of the usual other ways.
const FOLDERS: &[&str] =
    &["/usr/lib/rabbitmq/bin", "/opt/homebrew/opt/rabbitmq/sbin", "/usr/local/opt/rabbitmq/sbin"];

/// The programs; none: they are not here, and cannot be installed.
pub(super) fn find_or_install() -> anyhow::Result<Option<Programs>> {
    if let Some(programs) = find() {
        return Ok(Some(programs));
    }
    Ok(if debian::install("rabbitmq-server")? { find() } else { None })
}

fn find() -> Option<Programs> {
    FOLDERS.iter().map(Path::new).find(|folder| folder.join("rabbitmqctl").is_file()).map(
        |folder| Programs {
            server: folder.join("rabbitmq-server"),
            ctl: folder.join("rabbitmqctl"),
        },
    )
}
