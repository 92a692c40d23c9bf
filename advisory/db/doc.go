// Package db is the compiled advisory database: one file, made of a copy of OSV's bucket, EPSS
// and KEV by Build, and asked by Open, Lookup and the like.
//
// # What it holds
//
// Facts only: identifiers, package names, ranges, ratings and dates; no prose. A version that a
// record lists is left out where a range of the same record holds it. What a record says of a
// package is kept even if no version is affected: that is an answer too (Cursor.AffectsNone). Each upstream is a shard of
// its own (osv/Debian, osv/Go, epss, kev), so that sources under share-alike licences stay apart
// and an update replaces what changed. The file depends on its input alone: the same input makes
// the same bytes, whatever the machine and the parallelism, and the time of building is not in it.
//
// # How it is asked
//
//	cursor, err := database.Lookup("Alpine:v3.20", "openssl")
//	for cursor.Next() {
//		if match := cursor.Match(key, "3.3.2-r0"); match.State != db.NotAffected {
//			record, err := cursor.Record()
//		}
//	}
//	err = cursor.Err()
//
// Evaluation is that of the OSV schema, done when the database is built: events are sorted, ranges
// become intervals between versions, and the versions of a package are numbered in their order. A
// query is compared with the keys of its package's versions once; every range after that is a
// comparison of whole numbers. Where versions cannot be ordered the answer is Undecided, never a
// guess.
//
// # Why it can be trusted
//
// One root digest vouches for every byte: it is the SHA-256 of header and directory, which hold
// the SHA-256 of each shard's list of block sums, which hold the SHA-256 of each block of 16 KiB.
// A block is checked when it is first touched, and what was checked is what is used (see shard).
// A file that was cut short, altered, or made by another version is an error that says so. What
// the checksums cannot tell, that a file was made to do harm by somebody who computed them, is
// met by the decoder: it trusts no length, offset or count, and allocates no more than the file
// is long. Whoever needs to know where a database comes from compares Digest.
//
// # Limits
//
// A shard has at most 2 GiB. The file is mapped into memory, read-only and shared, where the
// system can; it is never locked, and may be replaced by a rename while it is open. The package
// fetches nothing. What a package is called in an ecosystem, and how its versions are ordered, is
// package ecosystem's word.
package db
