use std::{fs, os::unix::fs::PermissionsExt, thread};

use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::prelude::*;

use super::*;

const CONTEXT: Context =
    Context { tenant: Uuid::from_u128(1), purpose: "room_password", row: Uuid::from_u128(2) };

fn line(byte: u8) -> String {
    BASE64_STANDARD.encode([byte; 32])
}

fn keys(bytes: &[u8]) -> MasterKeys {
    let lines: Vec<String> = bytes.iter().map(|byte| line(*byte)).collect();
    MasterKeys::parse(&lines.join("\n")).unwrap()
}

proptest! {
    #[test]
    fn what_was_sealed_opens(plaintext: Vec<u8>) {
        let sealed = keys(&[7]).seal(&CONTEXT, &plaintext);
        prop_assert_eq!(sealed.as_bytes().len(), 1 + 8 + 24 + plaintext.len() + 16);
        prop_assert_eq!(&*keys(&[7]).open(&CONTEXT, &sealed).unwrap(), &plaintext);
    }

    #[test]
    fn one_flipped_bit_anywhere_is_refused(plaintext: Vec<u8>, bit: prop::sample::Index) {
        let mut bytes = keys(&[7]).seal(&CONTEXT, &plaintext).as_bytes().to_vec();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(keys(&[7]).open(&CONTEXT, &Sealed::from_bytes(bytes)).is_err());
    }

    #[test]
    fn no_bytes_panic_and_none_open_unless_sealed(bytes: Vec<u8>, with_header: bool) {
        let keys = keys(&[7]);
        let header = [&[VERSION][..], keys.first_id().bytes()].concat();
        let bytes = if with_header { [header, bytes].concat() } else { bytes };
        prop_assert!(keys.open(&CONTEXT, &Sealed::from_bytes(bytes)).is_err());
    }

    #[test]
    fn no_text_panics_as_master_keys(text: String) {
        let _ = MasterKeys::parse(&text);
    }
}

#[test]
fn a_blob_of_another_tenant_purpose_or_row_is_refused() {
    let sealed = keys(&[7]).seal(&CONTEXT, b"1234");
    let other = Uuid::from_u128(3);
    let contexts = [
        Context { tenant: other, ..CONTEXT },
        Context { purpose: "room_passwor", ..CONTEXT },
        Context { row: other, ..CONTEXT },
        Context { tenant: CONTEXT.row, row: CONTEXT.tenant, ..CONTEXT },
    ];
    for context in contexts {
        assert_eq!(keys(&[7]).open(&context, &sealed), Err(OpenError::Refused));
    }
}

#[test]
fn two_blobs_of_the_same_words_differ() {
    assert_ne!(keys(&[7]).seal(&CONTEXT, b"1234"), keys(&[7]).seal(&CONTEXT, b"1234"));
}

#[test]
fn the_first_key_seals_and_every_key_opens() {
    let old = keys(&[1]).seal(&CONTEXT, b"old");
    let rotated = keys(&[2, 1]);
    assert_eq!(&**rotated.open(&CONTEXT, &old).unwrap(), b"old");
    let new = rotated.seal(&CONTEXT, b"new");
    assert_eq!(rotated.first_id(), keys(&[2]).first_id());
    assert_eq!(rotated.key_ids().collect::<Vec<_>>(), [keys(&[2]).first_id(), keys(&[1]).first_id()]);
    assert_eq!(keys(&[1]).open(&CONTEXT, &new), Err(OpenError::UnknownKey(rotated.first_id())));
}

#[test]
fn a_short_blob_or_another_version_is_malformed() {
    let sealed = keys(&[7]).seal(&CONTEXT, b"");
    let of_version_2 = [&[2], &sealed.as_bytes()[1..]].concat();
    for bytes in [vec![], vec![VERSION], sealed.as_bytes()[..32].to_vec(), of_version_2] {
        assert_eq!(keys(&[7]).open(&CONTEXT, &Sealed::from_bytes(bytes)), Err(OpenError::Malformed));
    }
}

#[test]
fn the_id_of_a_key_never_changes() {
    assert_eq!(keys(&[7]).first_id().to_string(), "c6960870ed07d63d");
}

#[test]
fn the_id_of_a_key_is_read_as_it_is_written_and_nothing_else_is() {
    let id = keys(&[7]).first_id();
    assert_eq!(id.to_string().parse(), Ok(id));
    for text in ["", "c6960870ed07d63", "c6960870ed07d63dd", "+6960870ed07d63d", "c6960870ed07d63g", &line(7)]
    {
        assert_eq!(text.parse::<KeyId>(), Err(BadKeyId), "{text}");
    }
}

#[test]
fn comments_and_blank_lines_are_skipped_and_a_bad_line_is_named_by_its_number_only() {
    let text = format!("# made today\r\n\n  {} \r\n#\n{}\n", line(1), line(2));
    let parsed = MasterKeys::parse(&text).unwrap();
    let lines: Vec<_> = parsed.key_ids().map(|id| parsed.line_of(id)).collect();
    assert_eq!(lines, [Some(3), Some(5)]);
    assert_eq!(parsed.line_of(keys(&[3]).first_id()), None);
    let error = MasterKeys::parse(&format!("{}\n\n{}AAAA", line(1), line(2))).unwrap_err();
    assert_eq!(error.to_string(), "line 3 of the master keys is not 32 bytes in base64");
    assert!(!format!("{error:?}").contains(&line(2)));
    assert!(matches!(MasterKeys::parse("# nothing\n"), Err(KeyFileError::NoKey)));
}

#[test]
fn debug_shows_ids_and_no_key() {
    let keys = keys(b"k");
    let shown = format!("{keys:?} {:?}", keys.seal(&CONTEXT, b"hunter2"));
    assert!(shown.contains(&keys.first_id().to_string()));
    assert!(!shown.contains("107") && !shown.contains("kkk") && !shown.contains(&line(b'k')), "{shown}");
}

#[test]
fn many_that_create_the_file_at_once_all_get_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master_key");
    let ids: Vec<KeyId> = thread::scope(|scope| {
        let create = || MasterKeys::read_or_create(&path).unwrap().first_id();
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(create)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(MasterKeys::read(&path).unwrap().first_id(), ids[0]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
}

#[test]
fn a_key_file_that_everyone_may_read_is_refused_and_one_for_the_group_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master_key");
    fs::write(&path, line(1)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(MasterKeys::read_or_create(&path), Err(KeyFileError::WorldReadable(_))));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    MasterKeys::read(&path).unwrap();
}

#[test]
fn a_missing_file_or_folder_is_an_error_that_names_the_path() {
    let error = MasterKeys::read("/nowhere/key".as_ref()).unwrap_err();
    assert_eq!(error.to_string(), "cannot read the master key file `/nowhere/key`");
    let error = MasterKeys::read_or_create("/nowhere/key".as_ref()).unwrap_err();
    assert_eq!(error.to_string(), "cannot create the master key file `/nowhere/key`");
}

#[test]
fn a_tag_fits_its_key_purpose_tenant_and_message_alone() {
    let (tenant, other) = (CONTEXT.tenant, CONTEXT.row);
    let tag = keys(&[1]).tag("room", tenant, b"name");
    let made =
        |bytes: &[u8], purpose, tenant, message: &[u8]| keys(bytes).made(&tag, purpose, tenant, message);
    assert!(made(&[1], "room", tenant, b"name") && made(&[2, 1], "room", tenant, b"name"));
    assert!(!made(&[2], "room", tenant, b"name"));
    assert!(!made(&[1], "roo", tenant, b"name"));
    assert!(!made(&[1], "room", other, b"name"));
    assert!(!made(&[1], "room", tenant, b"nam"));
    assert_eq!(keys(&[1, 2]).tag("room", tenant, b"name"), tag, "the first key makes it");
    assert_ne!(keys(&[2, 1]).tag("room", tenant, b"name"), tag);
}
