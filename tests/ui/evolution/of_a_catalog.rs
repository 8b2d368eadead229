//! The same across crates: a receiver of an event of a catalog crate asks for a field that is not there.

use events_core::receiver;

use events_catalog::learning::{STUDENT_REGISTRATION_COMPLETED, UserData};

#[receiver(STUDENT_REGISTRATION_COMPLETED)]
fn greet(users: &UserData) {
    println!("{}", users.id);
}

fn main() {}
