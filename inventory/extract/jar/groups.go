package jar

import "strings"

// knownGroup returns the group, and the name in it, of an artifact whose Java name is known to
// belong to a group that is called otherwise: those of projects that are not built by Maven, or
// are older than it, and that many images hold.
func knownGroup(java, artifact string) (group, name string) {
	if group, name := renamed(java, artifact); group != "" {
		return group, name
	}
	isCommons := java == "org.apache.commons."+artifact // bundles are called so: org.apache.commons.lang3 is commons-lang3
	if isCommons {
		artifact = "commons-" + artifact
	}
	for _, k := range [...]struct {
		java     string // a package, with all below it; "" for any
		artifact string // what the artifact begins with
		group    string
		name     string // the artifact's own name if files carry others, such as commons-io2; "" if it has none
	}{
		{"", "tomcat-embed-", "org.apache.tomcat.embed", ""},
		{"org.apache.catalina", "", "org.apache.tomcat", ""},
		{"org.apache.coyote", "", "org.apache.tomcat", ""},
		{"org.apache.jasper", "", "org.apache.tomcat", ""},
		{"org.apache.juli", "", "org.apache.tomcat", ""},
		{"org.apache.tomcat", "", "org.apache.tomcat", ""},
		{"org.apache", "tomcat", "org.apache.tomcat", ""},
		{"org.springframework.amqp", "", "org.springframework.amqp", ""},
		{"org.springframework.batch", "", "org.springframework.batch", ""},
		{"org.springframework.boot", "", "org.springframework.boot", ""},
		{"org.springframework.cloud", "", "org.springframework.cloud", ""},
		{"org.springframework.data", "", "org.springframework.data", ""},
		{"org.springframework.graphql", "", "org.springframework.graphql", ""},
		{"org.springframework.hateoas", "", "org.springframework.hateoas", ""},
		{"org.springframework.integration", "", "org.springframework.integration", ""},
		{"org.springframework.kafka", "", "org.springframework.kafka", ""},
		{"org.springframework.ldap", "", "org.springframework.ldap", ""},
		{"org.springframework.retry", "", "org.springframework.retry", ""},
		{"org.springframework.security", "", "org.springframework.security", ""},
		{"org.springframework.session", "", "org.springframework.session", ""},
		{"org.springframework.ws", "", "org.springframework.ws", ""},
		{"org.springframework", "", "org.springframework", ""},
		{"org.apache.commons.beanutils", "commons-beanutils", "commons-beanutils", "commons-beanutils"},
		{"org.apache.commons.cli", "commons-cli", "commons-cli", "commons-cli"},
		{"org.apache.commons.codec", "commons-codec", "commons-codec", "commons-codec"},
		{"org.apache.commons.collections", "commons-collections", "commons-collections", "commons-collections"},
		{"org.apache.commons.configuration", "commons-configuration", "commons-configuration", "commons-configuration"},
		{"org.apache.commons.dbcp", "commons-dbcp", "commons-dbcp", "commons-dbcp"},
		{"org.apache.commons.digester", "commons-digester", "commons-digester", "commons-digester"},
		{"org.apache.commons.fileupload", "commons-fileupload", "commons-fileupload", "commons-fileupload"},
		{"org.apache.commons.httpclient", "commons-httpclient", "commons-httpclient", "commons-httpclient"},
		{"org.apache.commons.io", "commons-io", "commons-io", "commons-io"},
		{"org.apache.commons.lang", "commons-lang", "commons-lang", "commons-lang"},
		{"org.apache.commons.logging", "commons-logging", "commons-logging", "commons-logging"},
		{"org.apache.commons.net", "commons-net", "commons-net", "commons-net"},
		{"org.apache.commons.pool", "commons-pool", "commons-pool", "commons-pool"},
		{"org.apache.commons.validator", "commons-validator", "commons-validator", "commons-validator"},
		{"org.apache.struts2", "", "org.apache.struts", ""},
		{"com.opensymphony.xwork2", "", "org.apache.struts.xwork", ""},
		{"com.google.common", "guava", "com.google.guava", ""},
		{"com.google.gson", "gson", "com.google.code.gson", "gson"},
		{"com.google.inject", "guice-", "com.google.inject.extensions", ""},
		{"com.google.inject", "", "com.google.inject", ""},
		{"com.mongodb", "", "org.mongodb", ""},
		{"com.mysql", "mysql-connector-java", "mysql", "mysql-connector-java"},
		{"com.mysql", "", "com.mysql", ""},
		{"freemarker", "freemarker", "org.freemarker", "freemarker"},
		{"groovy", "", "org.codehaus.groovy", ""},
		{"javassist", "javassist", "org.javassist", "javassist"},
		{"kotlin", "", "org.jetbrains.kotlin", ""},
		{"okhttp3", "", "com.squareup.okhttp3", ""},
		{"okio", "", "com.squareup.okio", ""},
		{"org.apache.xalan", "xalan", "xalan", "xalan"},
		{"org.apache.xerces", "xerces", "xerces", "xercesImpl"},
		{"org.bouncycastle", "", "org.bouncycastle", ""},
		{"org.bson", "", "org.mongodb", ""},
		{"org.h2", "h2", "com.h2database", "h2"},
		{"org.jboss.netty", "netty", "io.netty", "netty"},
		{"org.jdom", "jdom", "org.jdom", "jdom"},
		{"org.jdom2", "jdom", "org.jdom", "jdom2"},
		{"org.json", "json", "org.json", "json"},
		{"org.slf4j", "", "org.slf4j", ""},
		{"org.objectweb.asm", "", "org.ow2.asm", ""},
		{"org.postgresql", "postgresql", "org.postgresql", "postgresql"},
		{"org.quartz", "quartz", "org.quartz-scheduler", "quartz"},
		{"org.yaml.snakeyaml", "snakeyaml", "org.yaml", "snakeyaml"},
		{"reactor.netty", "", "io.projectreactor.netty", ""},
		{"reactor", "", "io.projectreactor", ""},
	} {
		if !below(java, k.java) || !strings.HasPrefix(artifact, k.artifact) {
			continue
		}
		if k.name == "" || strings.HasPrefix(artifact, k.name+"-") {
			return k.group, artifact
		}
		return k.group, k.name
	}
	if isCommons {
		return "org.apache.commons", artifact
	}
	return "", artifact
}

// renamed returns what is known of an artifact by its package and its whole name, and nothing of
// others in the package: whose group is called otherwise, or whose file is, as Debian's build calls
// it. Debian says itself what such a file is, in /usr/share/maven-repo.
func renamed(java, artifact string) (group, name string) {
	for _, k := range [...]struct{ java, artifact, group, name string }{
		{"com.google.protobuf", "protobuf", "com.google.protobuf", "protobuf-java"},
		{"com.google.protobuf", "protobuf-util", "com.google.protobuf", "protobuf-java-util"},
		{"javax.annotation", "jsr305", "com.google.code.findbugs", "jsr305"},
		{"javax.inject", "atinject-jsr330-api", "javax.inject", "javax.inject"},
		{"org.aopalliance", "aopalliance", "aopalliance", "aopalliance"},
		{"org.apache.log4j", "log4j", "log4j", "log4j"}, // and not what stands in for it, such as log4j-1.2-api
		{"org.eclipse.jdt", "eclipse-jdt-core", "org.eclipse.jdt", "org.eclipse.jdt.core"},
		{"org.xmlpull", "xpp3", "xpp3", "xpp3"},
		{"org.xmlpull", "xpp3-min", "xpp3", "xpp3_min"},
		{"org.xmlpull", "xpp3-xpath", "xpp3", "xpp3_xpath"},
	} {
		if below(java, k.java) && artifact == k.artifact {
			return k.group, k.name
		}
	}
	return "", artifact
}

// tomcat takes Tomcat's own version off the name of a file of Debian's: tomcat9-jdbc is tomcat-jdbc.
func (e evidence) tomcat(artifact string) (name string, ok bool) {
	number, rest, found := strings.Cut(strings.TrimPrefix(artifact, "tomcat"), "-")
	if !found || !strings.HasPrefix(artifact, "tomcat") || number == "" || strings.Trim(number, "0123456789") != "" {
		return "", false
	}
	return "tomcat-" + rest, e.title == "Apache Tomcat" || below(e.folder, "org.apache.tomcat") || below(e.folder, "org.apache.catalina")
}

// below tells whether a Java name is in a package. Bundles' names go on with a hyphen too.
func below(java, folder string) bool {
	rest, ok := strings.CutPrefix(java, folder)
	return ok && (rest == "" || folder == "" || rest[0] == '.' || rest[0] == '-')
}
