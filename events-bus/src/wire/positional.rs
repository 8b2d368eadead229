//! Reads a body in one pass, by what the Rust type asks for.

use events_core::codec::{Items, ReadError, Source, Stopped};

use super::fault::Fault;
use super::input::{Blocks, Input};

/// Gives what it is asked for, field after field. It knows no schema: the type's implementation of `Deserialize` is one,
/// since the same macro writes both.
#[derive(Debug)]
pub(super) struct Positional<'de> {
    input: Input<'de>,
    /// Why it stopped.
    fault: Option<Fault>,
}

impl<'de> Positional<'de> {
    #[inline]
    pub(super) fn new(body: &'de [u8]) -> Self {
        Self {
            input: Input::new(body),
            fault: None,
        }
    }

    /// What was read, if that was all.
    #[inline]
    pub(super) fn finish<T>(&self, read: Result<T, ReadError>) -> Result<T, Fault> {
        match read {
            Ok(value) => self.input.end().map(|()| value),
            Err(error) => Err(Fault::of(error, self.fault)),
        }
    }

    #[inline]
    fn checked<T>(&mut self, result: Result<T, Fault>) -> Result<T, Stopped> {
        match result {
            Ok(value) => Ok(value),
            Err(fault) => Err(self.stop(fault)),
        }
    }

    #[cold]
    fn stop(&mut self, fault: Fault) -> Stopped {
        self.fault = Some(fault);
        Stopped
    }

    #[inline]
    fn items(&mut self) -> Result<Items, Fault> {
        self.input.enter()?;
        let blocks = Blocks::new(&mut self.input)?;
        let items = blocks.to_items(&self.input);
        if items.pending == 0 {
            self.input.leave();
        }
        Ok(items)
    }

    #[inline]
    fn block(&mut self, items: &mut Items) -> Result<(), Fault> {
        let mut blocks = Blocks::from_items(items);
        blocks.turn(&mut self.input)?;
        *items = blocks.to_items(&self.input);
        if items.pending == 0 {
            self.input.leave();
        }
        Ok(())
    }
}

impl<'de> Source<'de> for Positional<'de> {
    #[inline]
    fn boolean(&mut self) -> Result<bool, Stopped> {
        let result = self.input.boolean();
        self.checked(result)
    }

    #[inline]
    fn long(&mut self) -> Result<i64, Stopped> {
        let result = self.input.long();
        self.checked(result)
    }

    #[inline]
    fn double(&mut self) -> Result<f64, Stopped> {
        let result = self.input.double();
        self.checked(result)
    }

    #[inline]
    fn text(&mut self) -> Result<&'de str, Stopped> {
        let result = self.input.text();
        self.checked(result)
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'de [u8], Stopped> {
        let result = self.input.bytes();
        self.checked(result)
    }

    #[inline]
    fn is_some(&mut self) -> Result<bool, Stopped> {
        let result = self.input.is_some();
        self.checked(result)
    }

    #[inline]
    fn list(&mut self) -> Result<Items, Stopped> {
        let result = self.items();
        self.checked(result)
    }

    #[inline]
    fn map(&mut self) -> Result<Items, Stopped> {
        self.list()
    }

    #[inline]
    fn more(&mut self, items: &mut Items) -> Result<(), Stopped> {
        let result = self.block(items);
        self.checked(result)
    }

    #[inline]
    fn key(&mut self) -> Result<&'de str, Stopped> {
        self.text()
    }

    #[inline]
    fn record(&mut self) -> Result<(), Stopped> {
        let result = self.input.enter();
        self.checked(result)
    }

    #[inline]
    fn field(&mut self) -> Result<(), Stopped> {
        Ok(())
    }

    #[inline]
    fn end_record(&mut self) {
        self.input.leave();
    }
}
