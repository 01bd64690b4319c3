# The text of a unit, from what a module says of a service.
service:
let
  line = key: value: "${key}=${if builtins.isBool value then (if value then "yes" else "no") else toString value}\n";
  lines =
    section:
    builtins.concatStringsSep "" (
      builtins.concatLists (
        map (
          key:
          let
            value = section.${key};
          in
          map (line key) (if builtins.isList value then value else [ value ])
        ) (builtins.attrNames section)
      )
    );
in
''
  [Unit]
  Description=${service.description}
  After=${toString service.after}
  [Service]
  ${lines service.serviceConfig}''
