package = "LuaSocket"
version = "3.1.0-1"
source = {
  url = "git+https://git.example/luasocket.git",
  tag = "v3.1.0"
}
description = {
  summary = "Network support for the Lua language",
  license = "MIT"
}
dependencies = {
  "lua >= 5.1"
}
build = {type = "builtin"}
