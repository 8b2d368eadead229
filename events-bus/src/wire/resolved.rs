//! Reads a body by the layout of its writer: Avro's schema resolution.
//!
//! Source: the Avro specification 1.12, *Schema Resolution*. Fields go by name, what the reader does not know is passed
//! over, what the writer did not have is the reader's default, a `long` becomes a `double`, `string` and `bytes` become
//! each other, a value becomes the optional one of its type, and the other way round if it is there.
//!
//! It knows at every moment where it is, and that makes it the slower way; the faster one asks it where it failed.
//!
//! Whoever reads asks for the fields in the reader's order. Where the writer has another one, a record is gone through when it
//! begins, and its fields are then read where they are.

use core::slice;

use events_core::codec::{Items, ReadError, Source, Stopped};
use events_core::{FieldSchema, RecordSchema, Schema, StringFormat};

use super::defaults::Defaults;
use super::error::Failure;
use super::fault::Fault;
use super::input::{Blocks, Input};
use super::path::{Place, Step, Trace};
use super::walk;

/// Reads a value that was written with one schema by another.
pub(super) fn read<T>(
    body: &[u8],
    writer: &Schema,
    reader: &Schema,
    read: impl FnOnce(&mut dyn Source<'_>) -> Result<T, ReadError>,
) -> Result<T, Failure> {
    let defaults = Defaults::new(writer, reader);
    let mut source = Resolved {
        input: Input::new(body),
        defaults: &defaults,
        writer: *writer,
        reader: *reader,
        outside: None,
        place: Place::default(),
        open: Vec::new(),
        fault: None,
    };
    let fault = match read(&mut source) {
        Ok(value) => match source.end() {
            Ok(()) => return Ok(value),
            Err(fault) => fault,
        },
        Err(error) => Fault::of(error, source.fault),
    };
    Err(Failure::new(&source.place, body.len(), fault))
}

struct Resolved<'de> {
    input: Input<'de>,
    defaults: &'de Defaults,
    /// What the value that comes next was written with.
    writer: Schema,
    /// What it is to become.
    reader: Schema,
    /// Within a default, how many bytes of the body are left: what is read is none of it.
    outside: Option<usize>,
    /// Where it is; after an error, where the error is.
    place: Place,
    /// The records, lists and maps around the value that comes next.
    open: Vec<Open<'de>>,
    /// Why it stopped.
    fault: Option<Fault>,
}

/// What has begun and not ended.
enum Open<'de> {
    Record {
        /// Those of the reader that were not asked for yet.
        rest: slice::Iter<'static, FieldSchema>,
        /// The place is in a field.
        within: bool,
        fields: Fields<'de>,
    },
    Items {
        blocks: Blocks,
        /// What the items are written with, and what they are to become.
        writer: &'static Schema,
        reader: &'static Schema,
        /// The index of the next item; none for the values of a map.
        index: Option<usize>,
    },
}

/// The fields of a record, as they were written.
enum Fields<'de> {
    /// In the order of the reader, and all of them.
    Same(slice::Iter<'static, FieldSchema>),
    /// In another order, or not all of them.
    Other {
        /// Where each of them begins.
        begin: Vec<(&'static FieldSchema, &'de [u8])>,
        /// Where the record ends.
        end: &'de [u8],
        /// What `outside` was before.
        outside: Option<usize>,
    },
}

impl<'de> Resolved<'de> {
    fn left(&self) -> usize {
        self.outside.unwrap_or_else(|| self.input.left())
    }

    fn end(&mut self) -> Result<(), Fault> {
        self.place.at(self.left(), None);
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
        self.place.at(self.left(), Some(&self.writer));
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
        while let Schema::Optional(inner) = self.reader {
            self.reader = *inner;
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
        if let Schema::Optional(inner) = self.reader {
            self.reader = *inner;
        }
        Ok(true)
    }

    fn open_list(&mut self) -> Result<Items, Fault> {
        match (self.required()?, self.reader) {
            (Schema::Array(writer), Schema::Array(reader)) => {
                self.open_items(writer, reader, Some(0))
            }
            _ => Err(Fault::OtherType),
        }
    }

    fn open_map(&mut self) -> Result<Items, Fault> {
        match (self.required()?, self.reader) {
            (Schema::Map(writer), Schema::Map(reader)) => self.open_items(writer, reader, None),
            _ => Err(Fault::OtherType),
        }
    }

    fn open_items(
        &mut self,
        writer: &'static Schema,
        reader: &'static Schema,
        index: Option<usize>,
    ) -> Result<Items, Fault> {
        self.input.enter()?;
        let blocks = Blocks::new(&mut self.input)?;
        let room = blocks.size_hint(&self.input);
        self.open.push(Open::Items {
            blocks,
            writer,
            reader,
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
        self.place.at(self.left(), None);
        let Some(Open::Items {
            blocks,
            writer,
            reader,
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
        (self.writer, self.reader) = (**writer, **reader);
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
        self.place.at(self.left(), Some(&schema));
        self.input.text()
    }

    fn open_record(&mut self) -> Result<(), Fault> {
        let (Schema::Record(writer), Schema::Record(reader)) = (self.required()?, self.reader)
        else {
            return Err(Fault::OtherType);
        };
        self.input.enter()?;
        let fields = if is_same(writer, reader) {
            Fields::Same(writer.fields.iter())
        } else {
            self.look_through(writer)?
        };
        self.open.push(Open::Record {
            rest: reader.fields.iter(),
            within: false,
            fields,
        });
        Ok(())
    }

    /// Where the fields of a record begin.
    fn look_through(&mut self, writer: &'static RecordSchema) -> Result<Fields<'de>, Fault> {
        // Of what is counted within it, only reading counts.
        let mut input = self.input.clone();
        let mut begin = Vec::with_capacity(writer.fields.len());
        for field in writer.fields {
            begin.push((field, input.rest()));
            self.place.enter(Step::Field(field.name));
            walk::skip(&mut input, field.schema, &mut self.place)?;
            self.place.leave();
        }
        Ok(Fields::Other {
            begin,
            end: input.rest(),
            outside: self.outside,
        })
    }

    fn next_field(&mut self) -> Result<(), Fault> {
        let left = self.left();
        let Some(Open::Record {
            rest,
            within,
            fields,
        }) = self.open.last_mut()
        else {
            return Err(Fault::OtherType);
        };
        if *within {
            self.place.leave();
        }
        // A type that has more fields than its schema is not what the macro writes.
        let field = rest.next().ok_or(Fault::OutsideModel)?;
        *within = true;
        self.place.enter(Step::Field(field.name));
        self.reader = *field.schema;
        match fields {
            Fields::Same(written) => {
                let written = written.next().ok_or(Fault::OutsideModel)?;
                self.writer = *written.schema;
            }
            Fields::Other {
                begin,
                end,
                outside,
            } => {
                let found = begin.iter().find(|(written, _)| written.name == field.name);
                if let Some((written, begin)) = found {
                    self.writer = *written.schema;
                    self.outside = *outside;
                    self.input.go_to(begin);
                } else {
                    let Some(default) = self.defaults.of(field) else {
                        self.place.at(left, None);
                        return Err(Fault::Missing);
                    };
                    self.writer = *field.schema;
                    self.outside = Some(outside.unwrap_or(end.len()));
                    self.input.go_to(default);
                }
            }
        }
        Ok(())
    }

    fn close_record(&mut self) {
        if let Some(Open::Record { within, fields, .. }) = self.open.pop() {
            if within {
                self.place.leave();
            }
            if let Fields::Other { end, outside, .. } = fields {
                self.outside = outside;
                self.input.go_to(end);
            }
        }
        self.input.leave();
    }
}

/// Whether a writer has the fields of a reader, in their order. Their types may differ.
fn is_same(writer: &RecordSchema, reader: &RecordSchema) -> bool {
    let names = |record: &RecordSchema| record.fields.iter().map(|field| field.name);
    names(writer).eq(names(reader))
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

    fn record(&mut self) -> Result<(), Stopped> {
        let result = self.open_record();
        self.checked(result)
    }

    fn field(&mut self) -> Result<(), Stopped> {
        let result = self.next_field();
        self.checked(result)
    }

    fn end_record(&mut self) {
        self.close_record();
    }
}
