# One of the two programs as a NixOS service, `services.bridge-slack` or `services.bridge-bots`.
{ self, program }:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (program) name;
  cfg = config.services.${name};
  yaml = pkgs.formats.yaml { };
  configFile = yaml.generate "${name}.yaml" cfg.settings;
  executable = lib.getExe' cfg.package name;
  hardening = import ./hardening.nix;
  backups = "/var/backups/${name}";
  state = "/var/lib/${name}";
  # Who reads the registration, and so has to wait until it is there.
  homeservers = lib.optional cfg.registerWithSynapse "matrix-synapse" ++ lib.optional cfg.registerWithTuwunel "tuwunel";
in
{
  options.services.${name} = {
    enable = lib.mkEnableOption "${program.description} (${name})";

    package = lib.mkOption {
      type = lib.types.package;
      default = self.packages.${pkgs.stdenv.hostPlatform.system}.${name};
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
      example = lib.literalExpression program.exampleSettings;
    };

    makeSecrets = lib.mkOption {
      type = lib.types.bool;
      default = true;
      description = ''
        Whether registration and key are made on this machine, once, in ${state}. Without it they are files of your own,
        such as sops-nix or agenix put there: name them below. Keep a copy of the key away from this machine.
      '';
    };

    registrationFile = lib.mkOption {
      # A text and no path: a path would be copied to where everybody can read it.
      type = lib.types.str;
      default = if cfg.makeSecrets then "${state}/registration.yaml" else "/etc/${name}/registration.yaml";
      defaultText = lib.literalMD "in ${state} with `makeSecrets`, else in /etc/${name}";
      description = ''
        The registration that the homeserver has, too. It holds tokens: let it be the user's ${name}, with the mode 0400,
        and not lie under /home or /root.
      '';
    };

    secretKeyFile = lib.mkOption {
      type = lib.types.str;
      default = if cfg.makeSecrets then "${state}/secret.key" else "/etc/${name}/secret.key";
      defaultText = lib.literalMD "in ${state} with `makeSecrets`, else in /etc/${name}";
      description = ''
        64 hexadecimal digits that seal what is stored. Let it be the user's ${name}, with the mode 0400.
      '';
    };

    registerWithSynapse = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = ''
        Whether the registration is handed to `services.matrix-synapse` of this machine.
      '';
    };

    registerWithTuwunel = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = ''
        Whether the registration is handed to `services.matrix-tuwunel` of this machine, which reads a folder of them from its
        version 1.6.0 on. Others of its family take it in their admin room, as `${name} registration --form admin` prints it.
      '';
    };

    usePostgresql = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = ''
        Whether data is kept in a database `${name}` of this machine's `services.postgresql`, reached by its socket without a
        password, and not in a SQLite file. What is in the one is carried to the other by `backup` and `restore`.
      '';
    };

    memoryMax = lib.mkOption {
      type = lib.types.str;
      default = program.memoryMax;
      description = "How much memory the service may take. Above it the kernel ends it, and it is started again.";
    };

    backup = {
      enable = lib.mkEnableOption "backups of ${name} in ${backups}: 7 of days, 4 of weeks, 12 of months";
      at = lib.mkOption {
        type = lib.types.str;
        default = program.backupAt;
        description = "When a backup is made, as systemd writes times.";
      };
    };

    restartWhenSilent = lib.mkOption {
      type = lib.types.bool;
      default = true;
      description = "Whether the program is asked every minute if it serves, and started anew if it does not.";
    };
  };

  config = lib.mkIf cfg.enable {
    services.${name}.settings = {
      appservice.listen = lib.mkDefault "127.0.0.1:${toString program.port}";
      appservice.registration = cfg.registrationFile;
      database.url = lib.mkDefault (
        if cfg.usePostgresql then "postgres:///${name}?host=/run/postgresql&user=${name}" else "sqlite:${state}/bridge.db"
      );
      homeserver.url = lib.mkDefault "http://127.0.0.1:8008";
      secret.key_file = cfg.secretKeyFile;
    };

    # For the verbs: sudo -u NAME NAME --config /etc/NAME/config.yaml check
    environment.etc."${name}/config.yaml".source = configFile;
    environment.systemPackages = [ cfg.package ];

    users.users.${name} = {
      isSystemUser = true;
      group = name;
      home = state;
      inherit (program) description;
    };
    users.groups.${name} = { };
    systemd.tmpfiles.rules = [ "d ${backups} 0700 ${name} ${name} -" ];

    services.postgresql = lib.mkIf cfg.usePostgresql {
      enable = true;
      ensureDatabases = [ name ];
      ensureUsers = [
        {
          inherit name;
          ensureDBOwnership = true;
        }
      ];
    };

    # Synapse reads it from systemd, so the file stays closed to its user.
    services.matrix-synapse.settings.app_service_config_files = lib.mkIf cfg.registerWithSynapse [
      "/run/credentials/matrix-synapse.service/${name}"
    ];
    systemd.services.matrix-synapse = lib.mkIf cfg.registerWithSynapse {
      serviceConfig.LoadCredential = [ "${name}:${cfg.registrationFile}" ];
    };

    # Among what systemd hands to it nothing else ends so.
    services.matrix-tuwunel.settings.global.appservice_dir = lib.mkIf cfg.registerWithTuwunel "/run/credentials/tuwunel.service";
    systemd.services.tuwunel = lib.mkIf cfg.registerWithTuwunel {
      serviceConfig.LoadCredential = [ "${name}.yaml:${cfg.registrationFile}" ];
    };

    systemd.services."${name}-secrets" = lib.mkIf cfg.makeSecrets {
      description = "Registration and key of ${name}";
      after = [ ];
      # Whoever needs them waits for them, and starts all the same if they are not there.
      requiredBy = [ "${name}.service" ];
      wantedBy = map (homeserver: "${homeserver}.service") homeservers;
      before = map (other: "${other}.service") ([ name ] ++ homeservers);
      serviceConfig = hardening // {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${pkgs.runtimeShell} ${../make-secrets.sh} ${executable} ${configFile} ${cfg.secretKeyFile}";
        User = name;
        WorkingDirectory = state;
        StateDirectory = name;
        StateDirectoryMode = "0700";
        TasksMax = 16;
      };
    };

    systemd.services.${name} = {
      inherit (program) description;
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [
        "network-online.target"
        "postgresql.service"
        "matrix-synapse.service"
        "continuwuity.service"
        "conduwuit.service"
        "tuwunel.service"
      ];
      # Tried again for as long as it takes.
      startLimitIntervalSec = 0;
      serviceConfig = hardening // {
        # It gives signs of life for as long as its own parts live.
        Type = "notify";
        NotifyAccess = "main";
        WatchdogSec = "60s";
        ExecStart = "${executable} --config ${configFile} run";
        User = name;
        WorkingDirectory = state;
        StateDirectory = name;
        StateDirectoryMode = "0700";
        LoadCredential = [ "secret-key:${cfg.secretKeyFile}" ];
        Restart = "always";
        RestartSec = "5s";
        TimeoutStartSec = "15min";
        TimeoutStopSec = "40s";
        MemoryMax = cfg.memoryMax;
        TasksMax = 256;
        LimitNOFILE = 65536;
      };
    };

    systemd.services."${name}-backup" = lib.mkIf cfg.backup.enable {
      description = "Backup of ${name}";
      after = [ "postgresql.service" ];
      startAt = cfg.backup.at;
      serviceConfig = hardening // {
        Type = "oneshot";
        ExecStart = "${pkgs.runtimeShell} ${../backup-rotate.sh} ${executable} ${configFile} ${backups}";
        User = name;
        StateDirectory = name;
        StateDirectoryMode = "0700";
        ReadWritePaths = [ backups ];
        TimeoutStartSec = "1h";
        MemoryMax = "512M";
        TasksMax = 64;
      };
    };

    # What was missed while the machine was off is made up for.
    systemd.timers."${name}-backup" = lib.mkIf cfg.backup.enable {
      timerConfig = {
        Persistent = true;
        RandomizedDelaySec = "15min";
      };
    };

    systemd.services."${name}-health" = lib.mkIf cfg.restartWhenSilent {
      description = "Whether ${name} answers";
      after = [ "${name}.service" ];
      startAt = "minutely";
      path = [ pkgs.curl ];
      environment = {
        HEALTH_URL = "http://${cfg.settings.appservice.listen}/health/live";
        # The sandbox looks like one to systemctl, which would do nothing there.
        SYSTEMD_IGNORE_CHROOT = "1";
      };
      # Only root may have a service started anew; what root could do besides is taken from it.
      serviceConfig = removeAttrs hardening [ "PrivateUsers" ] // {
        Type = "oneshot";
        ExecStart = "${pkgs.runtimeShell} ${../health-restart.sh} ${name}.service";
        TimeoutStartSec = "3min";
        IPAddressDeny = "any";
        # This machine's own, and where the program listens if that is another.
        IPAddressAllow =
          let
            address = builtins.head (builtins.match "\\[?([^]]*)]?:[0-9]+" cfg.settings.appservice.listen);
            isOwn = address == "::1" || builtins.substring 0 4 address == "127.";
          in
          "127.0.0.0/8 ::1/128" + (if isOwn then "" else " ${address}");
        MemoryMax = "64M";
        TasksMax = 16;
      };
    };
  };
}
