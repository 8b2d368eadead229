//! A type that travels as text, without `Display`.

use events_core::EventData;

#[derive(Debug, Clone, PartialEq, EventData)]
#[event_data(string)]
pub struct Key(String);

impl std::str::FromStr for Key {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

fn main() {}
