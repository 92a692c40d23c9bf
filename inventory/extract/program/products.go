package program

// products is the table of what is recognised, sorted by name. An entry needs evidence: a text
// that was seen in a program. Those of the same source and version share a name.
func products() []product {
	return []product{
		{
			name: "apache", bitnami: "apache", files: []string{"apache2", "httpd"},
			pattern: `Apache/(\d+\.\d+\.\d+)[ \x00]`,
			example: "Apache/2.4.71 (Debian)\x00", source: "apache2-bin 2.4.71-1~deb12u1",
		},
		{
			name: "bash", files: []string{"bash"},
			pattern: `@\(#\)Bash version (\d+\.\d+\.\d+)`,
			example: "@(#)Bash version 5.2.15(1) release GNU\x00", source: "bash 5.2.15-2+b13",
		},
		{
			name: "busybox", files: []string{"[", "busybox"},
			pattern: `BusyBox v(\d+\.\d+\.\d+)`,
			example: "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1)\x00", source: "busybox-static 1:1.35.0-4+deb12u1+b1",
		},
		{
			name: "curl", files: []string{"curl", "libcurl.so*", "libcurl-*.so*"},
			pattern: `curl/(\d+\.\d+\.\d+)\x00`,
			example: "\x00libcurl/7.88.1\x00", source: "libcurl4 7.88.1-10+deb12u15",
		},
		{
			name: "erlang", files: []string{"OTP_VERSION"}, isText: true,
			pattern: `^(\d+(?:\.\d+)+)\n`,
			example: "25.2.3\n", source: "erlang-base 1:25.2.3+dfsg-1+deb12u4",
		},
		{
			name: "git", bitnami: "git", files: []string{"git"},
			pattern: `git/(\d+\.\d+\.\d+)\x00`,
			example: "git/2.39.5\x00", source: "git 1:2.39.5-0+deb12u3",
		},
		{
			name: "gnupg", files: []string{"gpg"},
			pattern: `OpenPGP server (\d+\.\d+\.\d+) ready`,
			example: "GNU Privacy Guard's OpenPGP server 2.2.40 ready\x00", source: "gpg 2.2.40-1.1+deb12u2",
		},
		{
			name: "haproxy", bitnami: "haproxy", files: []string{"haproxy"},
			pattern: ` version (\d+\.\d+\.\d+)[^ ,]*, released \d{4}/`,
			example: " version 2.6.12-1+deb12u4, released 2026/10/17\x00", source: "haproxy 2.6.12-1+deb12u4",
		},
		{
			name: "java", bitnami: "java", files: []string{"libjvm.so"},
			pattern: ` JRE \((\d[\d._]*)[-+)]`,
			example: " JRE (17.0.21.1+2-1-deb12u1-Debian), built on ", source: "openjdk-17-jre-headless 17.0.21.1+2-1~deb12u1",
		},
		{
			name: "java", bitnami: "java", files: []string{"release"}, isText: true,
			pattern: `JAVA_VERSION="(\d[\d._]*)[-"]`,
			example: "\nJAVA_VERSION=\"17.0.21.1\"\n", source: "openjdk-17-jre-headless 17.0.21.1+2-1~deb12u1",
		},
		{
			name: "lua", bitnami: "lua", files: []string{"lua*", "liblua*.so*"},
			pattern: `Lua (5\.\d+\.\d+) +Copyright`,
			example: "$LuaVersion: Lua 5.4.4  Copyright (C) 1994-2022 Lua.org", source: "liblua5.4-0 5.4.4-3+deb12u1",
		},
		{
			name: "mariadb", bitnami: "mariadb", files: []string{"mariadb", "mariadbd", "mysql", "mysqld"},
			left: `\x00(\d+\.\d+\.\d+)`, pattern: `-MariaDB\x00`,
			example: "\x0010.11.19-MariaDB\x00", source: "mariadb-server-core 1:10.11.19-0+deb12u1",
		},
		{
			name: "memcached", bitnami: "memcached", files: []string{"memcached"},
			pattern: `memcached (\d+\.\d+\.\d+)[\n\x00]`,
			example: "memcached 1.6.18\n\x00", source: "memcached 1.6.18-1+deb12u1",
		},
		{
			name: "nginx", bitnami: "nginx", files: []string{"nginx"},
			pattern: `nginx version: nginx/(\d+\.\d+\.\d+)`,
			example: "nginx version: nginx/1.22.1\n\x00", source: "nginx 1.22.1-9+deb12u11",
		},
		{
			name: "node", bitnami: "node", files: []string{"libnode.so*", "node", "nodejs"},
			pattern: `node\.js/v(\d+\.\d+\.\d+)\x00`,
			example: "node.js/v18.20.4\x00", source: "libnode108 18.20.4+dfsg-1~deb12u3",
		},
		{
			name: "openldap", bitnami: "openldap", files: []string{"slapacl", "slapd"},
			pattern: `\$OpenLDAP: slapd (\d+\.\d+\.\d+)`,
			example: "@(#) $OpenLDAP: slapd 2.5.13+dfsg-5 (Feb  8 2023 01:56:12) $", source: "slapd 2.5.13+dfsg-5",
		},
		{
			name: "openssh", files: []string{"ssh", "sshd"},
			pattern: `OpenSSH_(\d+\.\d+p\d+)[ \x00]`,
			example: "OpenSSH_9.2p1 Debian-2+deb12u10\x00", source: "openssh-server 1:9.2p1-2+deb12u10",
		},
		{
			name: "openssl", files: []string{"libcrypto.so*", "libssl.so*", "openssl"},
			pattern: `OpenSSL (\d+\.\d+\.\d+[a-z]*)(?:-fips)? +\d+ [A-Z][a-z]+ \d{4}\x00`,
			example: "OpenSSL 3.0.22 25 Aug 2026\x00", source: "libssl3 3.0.22-1~deb12u2",
		},
		{
			name: "perl", files: []string{"libperl.so*", "perl", "perl5*"},
			pattern: `This is perl (5), version (\d+), subversion (\d+) `,
			example: "\nThis is perl 5, version 36, subversion 0 (%-p) built for x86_64-linux-gnu-thread-multi", source: "perl-base 5.36.0-7+deb12u4",
		},
		{
			name: "pgbouncer", bitnami: "pgbouncer", files: []string{"pgbouncer"},
			pattern: `PgBouncer (\d+\.\d+\.\d+)[\n\x00]`,
			example: "PgBouncer 1.18.0\x00", source: "pgbouncer 1.18.0-1+deb12u1",
		},
		{
			name: "php", bitnami: "php", files: []string{"libphp*.so", "php*"},
			pattern: `X-Powered-By: PHP/(\d+\.\d+\.\d+)`,
			example: "X-Powered-By: PHP/8.2.36\x00", source: "php8.2-cli 8.2.36-1~deb12u1",
		},
		{
			name: "postgresql", bitnami: "postgresql", files: []string{"pg_dump", "postgres", "psql"},
			pattern: `\(PostgreSQL\) (\d+(?:\.\d+)+)[ \n\x00]`,
			example: "postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n\x00", source: "postgresql-15 15.20-0+deb12u1",
		},
		{
			name: "python", bitnami: "python", files: pythonFiles(),
			pattern: `\x00(3\.{}\.\d+)\x00`,
			example: "\x003.11.2\x00", source: "python3.11-minimal 3.11.2-6+deb12u9",
		},
		{ // where the folder it is installed in is called by the version, the linker writes it once
			name: "python", bitnami: "python", files: pythonFiles(),
			pattern: `/(3\.{}\.\d+)\x00`,
			example: "/.pyenv/versions/3.11.7\x00EXEC_PREFIX\x00", source: "pyenv, Python 3.11.7",
		},
		{ // as x86-64's compiler lays the texts out
			name: "redis", bitnami: "redis", files: []string{"redis-check-aof", "redis-check-rdb", "redis-server"},
			left: `\x00(\d+\.\d+\.\d+)\x00`, pattern: `c11-builtin\x00`,
			example: "\x007.0.15\x00c11-builtin\x00", source: "redis-tools 5:7.0.15-1~deb12u10",
		},
		{ // as arm64's does
			name: "redis", bitnami: "redis", files: []string{"redis-check-aof", "redis-check-rdb", "redis-server"},
			left: `\x00(\d+\.\d+\.\d+)\x00+`, pattern: `# Server\r\nredis_version:`,
			example: "\x007.0.15\x00\x00# Server\r\nredis_version:%s\r\n", source: "redis-tools 5:7.0.15-1~deb12u10 (arm64)",
		},
		{
			name: "redis", bitnami: "redis", files: []string{"redis-benchmark", "redis-cli"},
			left: `\x00(\d+\.\d+\.\d+)\x00+`, pattern: ` \(git:%s\x00`,
			example: "\x007.0.15\x00 (git:%s\x00", source: "redis-tools 5:7.0.15-1~deb12u10",
		},
		{
			name: "ruby", bitnami: "ruby", files: []string{"libruby*.so*", "ruby*"},
			pattern: `ruby (\d+\.\d+\.\d+)(?:p\d+)? \(\d{4}-`,
			example: "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]", source: "libruby3.1 3.1.7+really3.1.2-0+deb12u1",
		},
		{
			name: "rust", files: []string{"librustc_driver-*.so"},
			pattern: `rustc version (1\.\d+\.\d+)`,
			example: "rustc version 1.63.0clang LLVM", source: "libstd-rust-1.63 1.63.0+dfsg1-2",
		},
		{
			name: "sqlite", bitnami: "sqlite", files: []string{"libsqlite3.so*"},
			pattern: `\x00(3\.\d+\.\d+)\x00`,
			example: "\x003.40.1\x00", source: "libsqlite3-0 3.40.1-2+deb12u2",
		},
		{
			name: "varnish", bitnami: "varnish", files: []string{"varnishd"},
			pattern: `varnish-(\d+\.\d+\.\d+) revision`,
			example: "varnish-7.1.1 revision 7cee1c581bead20e88d101ab3d72afb29f14d87a\x00", source: "varnish 7.1.1-2+deb12u1",
		},
		{
			name: "wordpress", bitnami: "wordpress", files: []string{"version.php"}, isText: true,
			pattern: `\$wp_version = '(\d+(?:\.\d+)+)`,
			example: "$wp_version = '6.1.9';\n", source: "wordpress 6.1.9+dfsg1-0+deb12u1",
		},
	}
}

// pythonFiles are Python's program and library; up to 3.7 they have an "m" at the end.
func pythonFiles() []string {
	return []string{"libpython3.*m.so.1.0", "libpython3.*.so.1.0", "python3.*m", "python3.*"}
}
