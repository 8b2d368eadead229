//! The bar: Avro's binary encoding written by hand for two events, the way one would who cannot have anything else.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "bytes are made and read"
)]

use std::collections::BTreeMap;
use std::str::FromStr;

use events_catalog::keys::CourseKey;
use events_catalog::learning::{
    CourseData, CourseEnrollmentCreated, CourseEnrollmentData, DiscussionThreadData,
    ForumThreadCreated, UserData, UserPersonalData,
};
use events_core::DateTime;

/// The body is none of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bad;

fn put_long(out: &mut Vec<u8>, value: i64) {
    let mut value = ((value << 1) ^ (value >> 63)) as u64;
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_long(out, text.len() as i64);
    out.extend_from_slice(text.as_bytes());
}

fn put_bool(out: &mut Vec<u8>, value: bool) {
    out.push(u8::from(value));
}

fn put_option<T>(out: &mut Vec<u8>, value: Option<&T>, put: impl Fn(&mut Vec<u8>, &T)) {
    match value {
        None => out.push(0),
        Some(value) => {
            out.push(2);
            put(out, value);
        }
    }
}

fn put_list<T>(out: &mut Vec<u8>, items: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    if !items.is_empty() {
        put_long(out, items.len() as i64);
        for item in items {
            put(out, item);
        }
    }
    out.push(0);
}

fn put_map<T>(out: &mut Vec<u8>, map: &BTreeMap<String, T>, put: impl Fn(&mut Vec<u8>, &T)) {
    if !map.is_empty() {
        put_long(out, map.len() as i64);
        for (key, value) in map {
            put_text(out, key);
            put(out, value);
        }
    }
    out.push(0);
}

fn put_user(out: &mut Vec<u8>, user: &UserData) {
    put_long(out, user.id);
    put_bool(out, user.is_active);
    put_text(out, &user.pii.username);
    put_text(out, &user.pii.email);
    put_text(out, &user.pii.name);
}

fn put_time(out: &mut Vec<u8>, time: &DateTime) {
    put_text(out, time.as_str());
}

pub fn put_enrollment(out: &mut Vec<u8>, event: &CourseEnrollmentCreated) {
    let enrollment = &event.enrollment;
    put_user(out, &enrollment.user);
    put_text(out, enrollment.course.course_key.as_str());
    put_text(out, &enrollment.course.display_name);
    put_option(out, enrollment.course.start.as_ref(), put_time);
    put_option(out, enrollment.course.end.as_ref(), put_time);
    put_text(out, &enrollment.mode);
    put_bool(out, enrollment.is_active);
    put_time(out, &enrollment.creation_date);
    put_option(out, enrollment.created_by.as_ref(), put_user);
}

pub fn put_thread(out: &mut Vec<u8>, event: &ForumThreadCreated) {
    let text = |out: &mut Vec<u8>, text: &String| put_text(out, text);
    let bool = |out: &mut Vec<u8>, value: &bool| put_bool(out, *value);
    let long = |out: &mut Vec<u8>, value: &i64| put_long(out, *value);
    let thread = &event.thread;
    put_text(out, &thread.body);
    put_text(out, &thread.commentable_id);
    put_text(out, &thread.id);
    put_bool(out, thread.truncated);
    put_text(out, &thread.url);
    put_user(out, &thread.user);
    put_text(out, thread.course_id.as_str());
    put_option(out, thread.thread_type.as_ref(), text);
    put_option(out, thread.anonymous.as_ref(), bool);
    put_option(out, thread.anonymous_to_peers.as_ref(), bool);
    put_option(out, thread.title.as_ref(), text);
    put_option(out, thread.title_truncated.as_ref(), bool);
    put_option(out, thread.group_id.as_ref(), long);
    put_option(out, thread.team_id.as_ref(), long);
    put_option(out, thread.category_id.as_ref(), long);
    put_option(out, thread.category_name.as_ref(), text);
    put_option(out, thread.discussion.as_ref(), |out, map| {
        put_map(out, map, text);
    });
    put_list(out, &thread.user_course_roles, text);
    put_list(out, &thread.user_forums_roles, text);
    put_map(out, &thread.options, bool);
}

fn long(input: &mut &[u8]) -> Result<i64, Bad> {
    let mut value = 0;
    for index in 0..10 {
        let (&byte, rest) = input.split_first().ok_or(Bad)?;
        *input = rest;
        value |= u64::from(byte & 0x7F) << (7 * index);
        if byte < 0x80 {
            if index == 9 && byte > 1 {
                return Err(Bad);
            }
            return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    Err(Bad)
}

fn text<'a>(input: &mut &'a [u8]) -> Result<&'a str, Bad> {
    let length = usize::try_from(long(input)?).map_err(|_| Bad)?;
    let (text, rest) = input.split_at_checked(length).ok_or(Bad)?;
    *input = rest;
    str::from_utf8(text).map_err(|_| Bad)
}

fn string(input: &mut &[u8]) -> Result<String, Bad> {
    text(input).map(str::to_owned)
}

fn parsed<T: FromStr>(input: &mut &[u8]) -> Result<T, Bad> {
    text(input)?.parse().map_err(|_| Bad)
}

fn bool(input: &mut &[u8]) -> Result<bool, Bad> {
    let (&byte, rest) = input.split_first().ok_or(Bad)?;
    *input = rest;
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Bad),
    }
}

fn option<T>(
    input: &mut &[u8],
    get: impl Fn(&mut &[u8]) -> Result<T, Bad>,
) -> Result<Option<T>, Bad> {
    match long(input)? {
        0 => Ok(None),
        1 => get(input).map(Some),
        _ => Err(Bad),
    }
}

/// The count of a block; a size that stands beside it is not looked at.
fn block(input: &mut &[u8]) -> Result<usize, Bad> {
    let mut count = long(input)?;
    if count < 0 {
        long(input)?;
        count = count.checked_neg().ok_or(Bad)?;
    }
    let count = usize::try_from(count).map_err(|_| Bad)?;
    if count > input.len() {
        return Err(Bad);
    }
    Ok(count)
}

fn list<T>(input: &mut &[u8], get: impl Fn(&mut &[u8]) -> Result<T, Bad>) -> Result<Vec<T>, Bad> {
    let mut items = Vec::new();
    loop {
        let count = block(input)?;
        if count == 0 {
            return Ok(items);
        }
        items.reserve(count);
        for _ in 0..count {
            items.push(get(input)?);
        }
    }
}

fn map<T>(
    input: &mut &[u8],
    get: impl Fn(&mut &[u8]) -> Result<T, Bad>,
) -> Result<BTreeMap<String, T>, Bad> {
    let mut map = BTreeMap::new();
    loop {
        let count = block(input)?;
        if count == 0 {
            return Ok(map);
        }
        for _ in 0..count {
            map.insert(string(input)?, get(input)?);
        }
    }
}

fn user(input: &mut &[u8]) -> Result<UserData, Bad> {
    Ok(UserData {
        id: long(input)?,
        is_active: bool(input)?,
        pii: UserPersonalData {
            username: string(input)?,
            email: string(input)?,
            name: string(input)?,
        },
    })
}

fn end<T>(input: &[u8], value: T) -> Result<T, Bad> {
    if input.is_empty() {
        Ok(value)
    } else {
        Err(Bad)
    }
}

pub fn get_enrollment(mut body: &[u8]) -> Result<CourseEnrollmentCreated, Bad> {
    let input = &mut body;
    let enrollment = CourseEnrollmentData {
        user: user(input)?,
        course: CourseData {
            course_key: parsed::<CourseKey>(input)?,
            display_name: string(input)?,
            start: option(input, parsed)?,
            end: option(input, parsed)?,
        },
        mode: string(input)?,
        is_active: bool(input)?,
        creation_date: parsed(input)?,
        created_by: option(input, user)?,
    };
    end(input, CourseEnrollmentCreated { enrollment })
}

pub fn get_thread(mut body: &[u8]) -> Result<ForumThreadCreated, Bad> {
    let input = &mut body;
    let thread = DiscussionThreadData {
        body: string(input)?,
        commentable_id: string(input)?,
        id: string(input)?,
        truncated: bool(input)?,
        url: string(input)?,
        user: user(input)?,
        course_id: parsed(input)?,
        thread_type: option(input, string)?,
        anonymous: option(input, bool)?,
        anonymous_to_peers: option(input, bool)?,
        title: option(input, string)?,
        title_truncated: option(input, bool)?,
        group_id: option(input, long)?,
        team_id: option(input, long)?,
        category_id: option(input, long)?,
        category_name: option(input, string)?,
        discussion: option(input, |input| map(input, string))?,
        user_course_roles: list(input, string)?,
        user_forums_roles: list(input, string)?,
        options: map(input, bool)?,
    };
    end(input, ForumThreadCreated { thread })
}
