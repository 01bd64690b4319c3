# The bot's program as a NixOS service: `services.NAME`, where NAME is the package's name in Cargo.toml.
{ self, name }:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.${name};
  yaml = pkgs.formats.yaml { };
  configFile = yaml.generate "${name}.yaml" cfg.settings;
in
{
  options.services.${name} = {
    enable = lib.mkEnableOption "the Matrix bots of ${name}";

    package = lib.mkOption {
      type = lib.types.package;
      default = self.packages.${pkgs.stdenv.hostPlatform.system}.default;
      defaultText = lib.literalMD "the flake's own package";
      description = "The package with the program.";
    };

    settings = lib.mkOption {
      type = lib.types.submodule { freeformType = yaml.type; };
      default = { };
      description = ''
        What stands in config.yaml; `${name} example-config` prints all keys. It becomes a file that every user of the
        machine can read, so it is no place for passwords and tokens.
      '';
      example = lib.literalExpression ''
        {
          homeserver.name = "example.org";
          permissions = {
            "*" = "relay";
            "example.org" = "user";
            "@you:example.org" = "admin";
          };
          bots.accounts.helper.displayname = "Helper";
          bots.instances.greeter = {
            plugin = "${name}";
            account = "helper";
          };
        }
      '';
    };

    registrationFile = lib.mkOption {
      # A text and no path: a path would be copied to where everybody can read it.
      type = lib.types.str;
      example = "/etc/${name}/registration.yaml";
      description = "The registration that the homeserver has, too. It holds tokens, and only root needs to read it.";
    };

    secretKeyFile = lib.mkOption {
      type = lib.types.str;
      example = "/etc/${name}/secret.key";
      description = "64 hexadecimal digits that seal what is stored, as `init` makes them. Only root needs to read it.";
    };

    memoryMax = lib.mkOption {
      type = lib.types.str;
      default = "512M";
      description = "How much memory the service may take. Above it the kernel ends it, and it is started again.";
    };
  };

  config = lib.mkIf cfg.enable {
    services.${name}.settings = {
      appservice.registration = "/run/credentials/${name}.service/registration";
      database.url = lib.mkDefault "sqlite:/var/lib/${name}/bridge.db";
    };

    systemd.services.${name} = {
      description = "Matrix bots of ${name}";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      # Tried again for as long as it takes.
      startLimitIntervalSec = 0;

      # What no service of ours may do stands in one place.
      serviceConfig = import ../../deploy/nix/hardening.nix // {
        # It tells when it is ready, which is after the homeserver has answered (homeserver.startup_wait), and gives signs of
        # life from then on.
        Type = "notify";
        WatchdogSec = "60s";
        ExecStart = "${lib.getExe' cfg.package name} --config ${configFile} run";
        Restart = "always";
        RestartSec = 2;
        TimeoutStartSec = 120;
        # What is at work when it is told to stop has some 20 seconds to end.
        TimeoutStopSec = 40;

        DynamicUser = true;
        StateDirectory = name;
        StateDirectoryMode = "0700";
        LoadCredential = [
          "registration:${cfg.registrationFile}"
          "secret-key:${cfg.secretKeyFile}"
        ];

        MemoryMax = cfg.memoryMax;
        TasksMax = 256;
      };
    };
  };
}
