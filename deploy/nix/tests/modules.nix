# Both modules with what an operator would set, evaluated: nix-instantiate --eval --strict --json deploy/nix/tests/modules.nix
#
# Gives the text of each unit, which is then looked at like those in deploy/systemd; or says what is not as it should be.
let
  lib = import ./lib.nix;
  programs = import ../programs.nix;
  pkgs = {
    stdenv.hostPlatform.system = "x86_64-linux";
    runtimeShell = "/bin/sh";
    curl = "/usr";
    formats.yaml = _: {
      type = "yaml";
      generate = name: value: builtins.toFile name (builtins.toJSON value);
    };
  };
  self.packages.x86_64-linux = {
    bridge-slack = "/usr/local";
    bridge-bots = "/usr/local";
  };
  evaluate =
    name: set:
    lib.evaluate (import ../module.nix {
      inherit self;
      program = programs.${name};
    }) pkgs { services.${name} = set; };

  usual = {
    enable = true;
    # Like deploy/systemd, which the units are compared with.
    makeSecrets = false;
    registerWithSynapse = true;
    backup.enable = true;
    settings.homeserver.name = "example.org";
  };

  unit = import ./unit.nix;

  expect = what: good: if good then [ ] else [ what ];

  ofProgram =
    name:
    let
      on = evaluate name usual;
      off = evaluate name { settings.homeserver.name = "example.org"; };
      bare = evaluate name (
        usual
        // {
          registerWithSynapse = false;
          restartWhenSilent = false;
          backup.enable = false;
        }
      );
      mistaken = evaluate name (usual // { memoryMax = 512; });
      settings = on.values.services.${name}.settings;
      own = evaluate name (usual // { settings.database.url = "postgres:///x"; });
      services = on.values.systemd.services;
      alone = evaluate name {
        enable = true;
        registerWithSynapse = true;
        registerWithTuwunel = true;
        usePostgresql = true;
        settings.homeserver.name = "example.org";
      };
      made = alone.values.systemd.services."${name}-secrets";
      state = "/var/lib/${name}";
      key = "/etc/${name}/secret.key";
    in
    {
      problems =
        map (what: "${name}: ${what}") (
          on.wrong
          ++ expect "is on without being enabled" (on.enabled && !off.enabled)
          ++ expect "a value of a wrong type is taken" (mistaken.wrong == [ ".services.${name}.memoryMax is no str" ])
          ++ expect "listens elsewhere than on this machine" (
            settings.appservice.listen == "127.0.0.1:${toString programs.${name}.port}"
          )
          ++ expect "what an operator sets is lost" (settings.homeserver.name == "example.org")
          ++ expect "a default goes before what an operator sets" (
            own.values.services.${name}.settings.database.url == "postgres:///x"
          )
          ++ expect "a default is lost" (settings.database.url == "sqlite:/var/lib/${name}/bridge.db")
          ++ expect "the key is not handed over" (
            services.${name}.serviceConfig.LoadCredential == [ "secret-key:${key}" ]
          )
          ++ expect "Synapse is not given the registration" (
            on.values.services.matrix-synapse.settings.app_service_config_files == [
              "/run/credentials/matrix-synapse.service/${name}"
            ]
            && services.matrix-synapse.serviceConfig.LoadCredential == [
              "${name}:/etc/${name}/registration.yaml"
            ]
          )
          ++ expect "Synapse is given the registration unasked" (
            bare.values.services.matrix-synapse.settings.app_service_config_files == null
            && bare.values.systemd.services.matrix-synapse == null
          )
          ++ alone.wrong
          ++ expect "who needs the secrets does not wait for them" (
            made.before == [
              "${name}.service"
              "matrix-synapse.service"
              "tuwunel.service"
            ]
            && made.requiredBy == [ "${name}.service" ]
          )
          ++ expect "secrets that were made are looked for elsewhere" (
            alone.values.systemd.services.${name}.serviceConfig.LoadCredential == [ "secret-key:${state}/secret.key" ]
            && alone.values.services.${name}.settings.appservice.registration == "${state}/registration.yaml"
          )
          ++ expect "tuwunel is not given the registration" (
            alone.values.services.matrix-tuwunel.settings.global.appservice_dir == "/run/credentials/tuwunel.service"
            && alone.values.systemd.services.tuwunel.serviceConfig.LoadCredential == [
              "${name}.yaml:${state}/registration.yaml"
            ]
          )
          ++ expect "the database is not that of PostgreSQL" (
            alone.values.services.${name}.settings.database.url == "postgres:///${name}?host=/run/postgresql&user=${name}"
            && alone.values.services.postgresql.ensureDatabases == [ name ]
          )
          ++ expect "secrets, tuwunel or PostgreSQL come unasked" (
            on.values.systemd.services."${name}-secrets" == null
            && on.values.systemd.services.tuwunel == null
            && on.values.services.postgresql == null
          )
          ++ expect "there are units that nobody asked for" (
            bare.values.systemd.services."${name}-backup" == null
            && bare.values.systemd.services."${name}-health" == null
          )
        );
      units = builtins.listToAttrs (
        map (unitName: {
          name = "${unitName}.service";
          value = unit services.${unitName};
        }) [
          name
          "${name}-backup"
          "${name}-health"
        ]
      );
      own = {
        "${name}-secrets.service" = unit made;
      };
    };

  all = map ofProgram (builtins.attrNames programs);
  problems = builtins.concatLists (map (one: one.problems) all);
in
if problems == [ ] then
  {
    # Those that deploy/systemd has, too, and those that are only here.
    both = builtins.foldl' (units: one: units // one.units) { } all;
    own = builtins.foldl' (units: one: units // one.own) { } all;
  }
else
  throw (builtins.concatStringsSep "; " problems)
