//! The same across crates: a signal that the catalog has no more.

use events_core::receiver;

use events_catalog::learning::{STUDENT_REGISTRATION_FINISHED, UserData};

#[receiver(STUDENT_REGISTRATION_FINISHED)]
fn greet(user: &UserData) {
    println!("{}", user.id);
}

fn main() {}
