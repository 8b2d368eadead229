//! Reads a body by the layout of its writer: Avro's schema resolution.
//!
//! Source: the Avro specification 1.12, *Schema Resolution*. Fields go by name, what the reader does not know is passed
//! over, what the writer did not have is the reader's default, a `long` becomes a `double`, `string` and `bytes` become
//! each other, a value becomes the optional one of its type, and the other way round if it is there.
//!
//! It knows at every moment where it is, and that makes it the slower way; the faster one asks it where it failed.

use core::slice;

use events_core::codec::{Form, Items, ReadError, Source, Stopped};
use events_core::{FieldSchema, Schema, StringFormat};

use super::error::Failure;
use super::fault::Fault;
use super::input::{Blocks, Input};
use super::path::{Place, Step, Trace};
use super::walk;

/// Reads a value that was written with this schema.
pub(super) fn read<T>(
    body: &[u8],
    writer: &Schema,
    read: impl FnOnce(&mut dyn Source<'_>) -> Result<T, ReadError>,
) -> Result<T, Failure> {
    let mut source = Resolved {
        input: Input::new(body),
        writer: *writer,
        place: Place::default(),
        open: Vec::new(),
        fault: None,
    };
    let fault = match read(&mut source) {
        Ok(value) => match source.end() {
            Ok(()) => return Ok(value),
            Err(fault) => fault,
        },
        Err(error) => {
            if let ReadError::Missing(name) = error {
                source.place.enter(Step::Field(name));
                source.place.at(source.input.left(), None);
            }
            Fault::of(error, source.fault)
        }
    };
    Err(Failure::new(&source.place, body.len(), fault))
}

struct Resolved<'de> {
    input: Input<'de>,
    /// What the value that comes next was written with.
    writer: Schema,
    /// Where it is; after an error, where the error is.
    place: Place,
    /// The records, lists and maps around the value that comes next.
    open: Vec<Open>,
    /// Why it stopped.
    fault: Option<Fault>,
}

/// What has begun and not ended.
enum Open {
    Record {
        rest: slice::Iter<'static, FieldSchema>,
        /// The place is in a field.
        within: bool,
    },
    Items {
        blocks: Blocks,
        /// What the items are written with.
        schema: &'static Schema,
        /// The index of the next item; none for the values of a map.
        index: Option<usize>,
    },
}

impl<'de> Resolved<'de> {
    fn end(&mut self) -> Result<(), Fault> {
        self.place.at(self.input.left(), None);
        self.input.end()
    }

    fn checked<T>(&mut self, result: Result<T, Fault>) -> Result<T, Stopped> {
        result.map_err(|fault| {
            self.fault = Some(fault);
            Stopped
        })
    }

    /// Begins with a value.
    fn begin(&mut self) {
        self.place.at(self.input.left(), Some(&self.writer));
    }

    /// Begins with a value that must be there.
    fn required(&mut self) -> Result<Schema, Fault> {
        self.begin();
        while let Schema::Optional(inner) = self.writer {
            if !self.input.is_some()? {
                return Err(Fault::Null);
            }
            self.writer = *inner;
            self.begin();
        }
        Ok(self.writer)
    }

    fn read_boolean(&mut self) -> Result<bool, Fault> {
        match self.required()? {
            Schema::Boolean => self.input.boolean(),
            _ => Err(Fault::OtherType),
        }
    }

    fn read_long(&mut self) -> Result<i64, Fault> {
        match self.required()? {
            Schema::Long => self.input.long(),
            _ => Err(Fault::OtherType),
        }
    }

    fn read_double(&mut self) -> Result<f64, Fault> {
        match self.required()? {
            Schema::Double => self.input.double(),
            #[expect(clippy::cast_precision_loss, reason = "Avro promotes so")]
            Schema::Long => Ok(self.input.long()? as f64),
            _ => Err(Fault::OtherType),
        }
    }

    fn read_text(&mut self) -> Result<&'de str, Fault> {
        match self.required()? {
            Schema::String(_) | Schema::Enum(_) | Schema::Bytes => self.input.text(),
            _ => Err(Fault::OtherType),
        }
    }

    fn read_bytes(&mut self) -> Result<&'de [u8], Fault> {
        match self.required()? {
            Schema::Bytes => self.input.bytes(),
            Schema::String(_) | Schema::Enum(_) => Ok(self.input.text()?.as_bytes()),
            _ => Err(Fault::OtherType),
        }
    }

    fn read_is_some(&mut self) -> Result<bool, Fault> {
        self.begin();
        // Any other value is there.
        if let Schema::Optional(inner) = self.writer {
            if !self.input.is_some()? {
                return Ok(false);
            }
            self.writer = *inner;
        }
        Ok(true)
    }

    fn open_list(&mut self) -> Result<Items, Fault> {
        match self.required()? {
            Schema::Array(items) => self.open_items(items, Some(0)),
            _ => Err(Fault::OtherType),
        }
    }

    fn open_map(&mut self) -> Result<Items, Fault> {
        match self.required()? {
            Schema::Map(values) => self.open_items(values, None),
            _ => Err(Fault::OtherType),
        }
    }

    fn open_items(
        &mut self,
        schema: &'static Schema,
        index: Option<usize>,
    ) -> Result<Items, Fault> {
        self.input.enter()?;
        let blocks = Blocks::new(&mut self.input)?;
        let room = blocks.size_hint(&self.input);
        self.open.push(Open::Items {
            blocks,
            schema,
            index,
        });
        Ok(Items {
            pending: usize::from(self.next_item()?),
            room,
            ..Items::default()
        })
    }

    /// Goes into the next item, or out of the list or the map.
    fn next_item(&mut self) -> Result<bool, Fault> {
        self.place.at(self.input.left(), None);
        let Some(Open::Items {
            blocks,
            schema,
            index,
        }) = self.open.last_mut()
        else {
            return Err(Fault::OtherType);
        };
        if !blocks.next(&mut self.input)? {
            self.open.pop();
            self.input.leave();
            return Ok(false);
        }
        self.writer = **schema;
        self.place.enter(match index {
            Some(index) => {
                *index += 1;
                Step::Item(*index - 1)
            }
            None => Step::Value,
        });
        Ok(true)
    }

    fn read_key(&mut self) -> Result<&'de str, Fault> {
        let schema = Schema::String(StringFormat::Text);
        self.place.at(self.input.left(), Some(&schema));
        self.input.text()
    }

    fn open_record(&mut self) -> Result<(), Fault> {
        let Schema::Record(schema) = self.required()? else {
            return Err(Fault::OtherType);
        };
        self.input.enter()?;
        self.open.push(Open::Record {
            rest: schema.fields.iter(),
            within: false,
        });
        Ok(())
    }

    fn next_field(&mut self) -> Result<Option<&'static str>, Fault> {
        let Some(Open::Record { rest, within }) = self.open.last_mut() else {
            return Err(Fault::OtherType);
        };
        if *within {
            self.place.leave();
        }
        let field = rest.next();
        *within = field.is_some();
        Ok(field.map(|field| {
            self.place.enter(Step::Field(field.name));
            self.writer = *field.schema;
            field.name
        }))
    }
}

impl<'de> Source<'de> for Resolved<'de> {
    fn boolean(&mut self) -> Result<bool, Stopped> {
        let result = self.read_boolean();
        self.checked(result)
    }

    fn long(&mut self) -> Result<i64, Stopped> {
        let result = self.read_long();
        self.checked(result)
    }

    fn double(&mut self) -> Result<f64, Stopped> {
        let result = self.read_double();
        self.checked(result)
    }

    fn text(&mut self) -> Result<&'de str, Stopped> {
        let result = self.read_text();
        self.checked(result)
    }

    fn bytes(&mut self) -> Result<&'de [u8], Stopped> {
        let result = self.read_bytes();
        self.checked(result)
    }

    fn is_some(&mut self) -> Result<bool, Stopped> {
        let result = self.read_is_some();
        self.checked(result)
    }

    fn list(&mut self) -> Result<Items, Stopped> {
        let result = self.open_list();
        self.checked(result)
    }

    fn map(&mut self) -> Result<Items, Stopped> {
        let result = self.open_map();
        self.checked(result)
    }

    /// One item at a time, since each is a place of its own.
    fn more(&mut self, items: &mut Items) -> Result<(), Stopped> {
        self.place.leave();
        let result = self.next_item();
        items.pending = usize::from(self.checked(result)?);
        Ok(())
    }

    fn key(&mut self) -> Result<&'de str, Stopped> {
        let result = self.read_key();
        self.checked(result)
    }

    fn record(&mut self) -> Result<Form, Stopped> {
        let result = self.open_record();
        self.checked(result)?;
        Ok(Form::Named)
    }

    fn field(&mut self) -> Result<Option<&'static str>, Stopped> {
        let result = self.next_field();
        self.checked(result)
    }

    fn skip(&mut self) -> Result<(), Stopped> {
        let result = walk::skip(&mut self.input, &self.writer, &mut self.place);
        self.checked(result)
    }

    fn end_record(&mut self) {
        self.open.pop();
        self.input.leave();
    }
}
