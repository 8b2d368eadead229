//! For crates that keep their settings in a configuration: reads the table that is theirs.
//!
//! A configuration has tables that this crate does not look into: `bus`. The crate whose table it is reads it with
//! [`Config::section`](super::Config::section), and need not know of files and formats. Nothing happens to the table in a program without that crate.
//!
//! ```
//! use events_core::config::Config;
//!
//! let config = Config::layers([
//!     Config::from_toml("[bus]\nworkers = 4\ntransport = \"sqlit\"", "default.toml"),
//!     Config::from_toml("[bus]\nworkers = 80\nworker = 8", "site.toml"),
//! ]);
//! let section = config.section("bus");
//! let mut workers = None;
//! section.read(|table| {
//!     workers = table.integer("workers", 1..=64).or(workers.take());
//!     table.one_of("transport", &[("sqlite", 1), ("redis", 2)]);
//! });
//! assert_eq!(workers.map(|workers| workers.value), Some(4));
//! assert_eq!(
//!     section.finish().unwrap_err().to_string(),
//!     "the configuration has 3 problems\n\
//!      - default.toml:3:13: `bus.transport` is `sqlit`, which is none of its values; did you mean `sqlite`? they are `sqlite`, \
//!        `redis`; write one of them\n\
//!      - site.toml:2:11: `bus.workers` is `80`, expected `1` to `64`; write a number within these limits\n\
//!      - site.toml:3:1: unknown key `worker` in `bus`; did you mean `workers`? the keys there are `workers`, `transport`; write \
//!        one of them, or remove it"
//! );
//! ```

mod limits;
mod section;
mod table;

pub use super::origin::Located;
pub use super::words::{did_you_mean, dotted, list, quoted, quoted_path};
pub use limits::{duration_out_of_range, duration_text, number_out_of_range};
pub use section::Section;
pub use table::Table;

pub(super) use table::Naming;
