//! For wire formats: reading and writing events whose types are known at run time only.
//!
//! A wire format is a [`Source`] of values and a [`Sink`] for them, and nothing of it is in this crate: it says how a
//! number, a text or a list is written. An event asks the source for what its fields are, and gives them to the sink.
//! That is compiled once for each event, in the crate that declares it, and costs one call through a table for each
//! value, another one for each field that is read, and no allocation but those of the event itself:
//!
//! ```
//! use events_core::codec::{Items, ReadError, Source, Stopped};
//! use events_core::{event, registry};
//!
//! /// One value a line, and nothing but texts and numbers.
//! struct Lines<'de>(std::str::Lines<'de>);
//!
//! impl<'de> Source<'de> for Lines<'de> {
//!     fn text(&mut self) -> Result<&'de str, Stopped> {
//!         self.0.next().ok_or(Stopped)
//!     }
//!     fn long(&mut self) -> Result<i64, Stopped> {
//!         self.text()?.parse().map_err(|_| Stopped)
//!     }
//!     fn record(&mut self) -> Result<(), Stopped> {
//!         Ok(())
//!     }
//!     fn field(&mut self) -> Result<(), Stopped> {
//!         Ok(())
//!     }
//!     fn end_record(&mut self) {}
//!     // …
//! #    fn boolean(&mut self) -> Result<bool, Stopped> { Err(Stopped) }
//! #    fn double(&mut self) -> Result<f64, Stopped> { Err(Stopped) }
//! #    fn bytes(&mut self) -> Result<&'de [u8], Stopped> { Err(Stopped) }
//! #    fn is_some(&mut self) -> Result<bool, Stopped> { Err(Stopped) }
//! #    fn list(&mut self) -> Result<Items, Stopped> { Err(Stopped) }
//! #    fn map(&mut self) -> Result<Items, Stopped> { Err(Stopped) }
//! #    fn more(&mut self, _: &mut Items) -> Result<(), Stopped> { Err(Stopped) }
//! #    fn key(&mut self) -> Result<&'de str, Stopped> { Err(Stopped) }
//! }
//!
//! #[event(type = "org.example.shop.order.shipped.v1")]
//! #[derive(Eq)]
//! struct OrderShipped {
//!     order_id: i64,
//!     carrier: String,
//! }
//!
//! let signal = registry::find("org.example.shop.order.shipped.v1").expect("it is declared above");
//! let event = signal.read_event(&mut Lines("17\ndhl".lines()))?;
//! let expected = OrderShipped { order_id: 17, carrier: "dhl".into() };
//! assert_eq!(event.downcast::<OrderShipped>().unwrap(), expected);
//!
//! let error = signal.read_event(&mut Lines("17".lines())).unwrap_err();
//! assert_eq!(error, ReadError::Source);
//! # Ok::<(), ReadError>(())
//! ```

mod key;
mod path;
mod reader;
mod sink;
mod source;
mod writer;

pub use path::{Path, Step};
pub use reader::Reader;
pub use sink::{Memo, Sink, WriteError, WriteProblem};
pub use source::{Items, ReadError, Source, Stopped};
pub use writer::Writer;
